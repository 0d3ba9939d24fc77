"""A second attempt through all five services: it pays for what is missing alone, and its cards are the same."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.models import Job
from feuilleton_client.uploads import JobOptions
from tests.results import Result, read_result
from tests.stack import Stack

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def healthy_model(gemini: str) -> Iterator[None]:
    yield
    plan(gemini)


def plan(gemini: str, **behaviour: object) -> None:
    httpx.put(f"{gemini}/plan", json=behaviour).raise_for_status()


def paid_calls(gemini: str) -> int:
    """Since it was asked last."""
    paid = int(httpx.get(f"{gemini}/stats").raise_for_status().json()["paid"])
    httpx.post(f"{gemini}/stats/reset").raise_for_status()
    return paid


def upload(client: FeuilletonClient, sample_pdf: Path) -> Job:
    return client.upload(sample_pdf, JobOptions(engine="gemini"))


@pytest.fixture
def undisturbed(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> Result:
    return read_result(system, client, client.wait(upload(client, sample_pdf).id))


def test_a_partial_job_is_completed_by_a_second_attempt_that_pays_for_the_missing_chunks_alone(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, gemini: str
) -> None:
    paid_calls(gemini)
    undisturbed = read_result(system, client, client.wait(upload(client, sample_pdf).id))
    cost = paid_calls(gemini)
    plan(gemini, chances={"bad_request": 0.4}, seed=5)
    first = client.wait(upload(client, sample_pdf).id)
    assert first.status == "partial"
    paid_calls(gemini)
    plan(gemini)
    begun = client.retry(first.id)
    assert (begun.id, begun.attempt) == (first.id, 2)
    last = client.wait(first.id, 2)
    assert (last.status, last.attempt) == ("completed", 2)
    good = first.chunks.total - first.chunks.failed
    assert 0 < paid_calls(gemini) <= cost - good
    assert read_result(system, client, last).cards_jsonl == undisturbed.cards_jsonl


def test_a_cancelled_job_goes_on_where_it_was_stopped(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, gemini: str, undisturbed: Result
) -> None:
    plan(gemini, latency_seconds=1.5)
    job = upload(client, sample_pdf)
    for seen in client.watch(job.id):
        if seen.status == "extracting":
            break
    client.cancel(job.id)
    assert client.wait(job.id).status == "cancelled"
    client.retry(job.id)
    last = client.wait(job.id, 2)
    assert last.status == "completed"
    assert read_result(system, client, last).cards_jsonl == undisturbed.cards_jsonl
