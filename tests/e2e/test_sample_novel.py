"""The sample novel through all five services on the real broker and database, with each engine."""

import time
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from tests.results import Result, read_result
from tests.stack import Stack, auth

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def local_run(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> Result:
    return run(client, system, sample_pdf, "local")


@pytest.fixture(scope="module")
def gemini_run(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> Result:
    return run(client, system, sample_pdf, "gemini")


def run(client: FeuilletonClient, system: Stack, sample_pdf: Path, engine: str) -> Result:
    job = client.wait(client.upload(sample_pdf, JobOptions(engine=engine)).id)
    return read_result(system, client, job)


def test_the_local_engine_ends_partial_and_names_the_scanned_page(local_run: Result) -> None:
    assert local_run.job.status == "partial"
    assert [missing.code for missing in local_run.report.missing] == ["page_needs_ocr"]
    assert len(local_run.report.missing[0].pages) == 1


def test_gemini_reads_the_scanned_page_too(gemini_run: Result) -> None:
    assert gemini_run.job.status == "completed"
    assert gemini_run.report.missing == ()


def test_a_model_server_of_ones_own_makes_cards_of_every_sentence(
    client: FeuilletonClient, system: Stack, sample_pdf: Path
) -> None:
    job = client.wait(client.upload(sample_pdf, JobOptions(engine="openai", pages="8-12")).id)
    result = read_result(system, client, job)
    result.check()
    assert (result.job.status, result.report.engine, result.report.model) == ("completed", "openai", "own-model")
    assert {card.method for card in result.cards} >= {"verbatim", "rewritten"}
    assert result.report.dropped == ()
    assert (result.report.usage.tokens > 0, result.report.usage.cost_microdollars) == (True, 0)


@pytest.mark.parametrize("engine", ["local_run", "gemini_run"])
def test_every_source_sentence_is_represented_or_listed(engine: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(engine).check()


def test_short_sentences_come_out_unchanged(local_run: Result) -> None:
    verbatim = [card for card in local_run.cards if card.method == "verbatim"]
    assert len(verbatim) > 300
    assert all(card.text == card.source_text for card in verbatim)


def test_cards_keep_to_the_limit(local_run: Result, gemini_run: Result) -> None:
    for result in (local_run, gemini_run):
        assert all(card.words <= 8 for card in result.cards if card.method != "verbatim")


def test_the_same_book_twice_gives_the_same_bytes(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, local_run: Result
) -> None:
    assert run(client, system, sample_pdf, "local").cards_jsonl == local_run.cards_jsonl


def test_the_pages_setting_takes_only_those_pages(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> None:
    job = client.wait(client.upload(sample_pdf, JobOptions(engine="local", pages="8-10")).id)
    result = read_result(system, client, job)
    result.check()
    assert {card.page for card in result.cards} <= {8, 9, 10}


def test_a_poll_right_after_202_finds_the_job(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> None:
    for _ in range(20):
        job = client.upload(sample_pdf, JobOptions(engine="local", pages="8"))
        answer = httpx.get(f"{system.status_url}/v1/jobs/{job.id}", headers=auth())
        assert answer.status_code == 200, answer.text


def test_a_cancelled_job_ends_cancelled_within_two_seconds(client: FeuilletonClient, sample_pdf: Path) -> None:
    job = client.upload(sample_pdf, JobOptions(engine="local"))
    asked = time.monotonic()
    client.cancel(job.id)
    while (found := client.job(job.id)).status != "cancelled":
        assert not found.status.ended
        assert time.monotonic() - asked < 2
        time.sleep(0.02)


def test_an_unknown_job_is_not_found(system: Stack) -> None:
    answer = httpx.get(f"{system.status_url}/v1/jobs/00000000-0000-4000-8000-000000000000", headers=auth())
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_cards_read_page_by_page_are_the_result(client: FeuilletonClient, gemini_run: Result) -> None:
    listed = list(client.cards(gemini_run.job.id))
    assert [card.text for card in listed] == [card.text for card in gemini_run.cards]
