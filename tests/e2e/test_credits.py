"""Credits through all five services, with a model whose tokens are counted."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.credits import LedgerRow
from feuilleton_client.models import Job
from feuilleton_client.uploads import JobOptions
from ingest.credits import credits_of
from tests.stack import Stack, auth
from tests.waiting import wait_until

pytestmark = pytest.mark.servers
RATE = 2.0  # of the flash-lite model behind `balanced`
GEMINI = JobOptions(engine="gemini")


@pytest.fixture(autouse=True)
def healthy_model(gemini: str) -> Iterator[None]:
    yield
    plan(gemini)


def plan(gemini: str, **behaviour: object) -> None:
    httpx.put(f"{gemini}/plan", json=behaviour).raise_for_status()


def estimated(client: FeuilletonClient, book: Path) -> int:
    return client.credits.estimate(book, GEMINI, sent=lambda _sent, _total: None).credits


def rows_of(client: FeuilletonClient, job: Job, attempt: int) -> dict[str, int]:
    """Amounts by kind."""
    rows: list[LedgerRow] = [row for row in client.credits.ledger() if (row.job_id, row.attempt) == (job.id, attempt)]
    assert len({row.kind for row in rows}) == len(rows)
    return {row.kind: row.amount for row in rows}


def settled(client: FeuilletonClient, job: Job, attempt: int = 1) -> dict[str, int]:
    """The rows of an attempt, once its reserve is back."""
    wait_until(lambda: "job_refund" in rows_of(client, job, attempt), what="the settlement")
    return rows_of(client, job, attempt)


def billed_tokens(system: Stack, job: Job) -> int:
    answer = httpx.get(f"{system.status_url}/v1/jobs/{job.id}", headers=auth(), timeout=30).raise_for_status()
    return int(answer.json()["billed_tokens"])


def test_a_job_reserves_what_was_estimated_and_pays_what_its_tokens_cost(
    client: FeuilletonClient, system: Stack, sample_pdf: Path
) -> None:
    estimate = estimated(client, sample_pdf)
    job = client.upload(sample_pdf, GEMINI)
    assert rows_of(client, job, 1) == {"job_reserve": -estimate}
    assert client.wait(job.id).status == "completed"
    price = credits_of(billed_tokens(system, job), RATE)
    assert 0 < price < estimate
    assert settled(client, job) == {"job_reserve": -estimate, "job_refund": estimate, "job_final": -price}


def test_a_cancel_gives_back_what_was_not_used_and_the_next_attempt_pays_for_the_rest_alone(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, gemini: str
) -> None:
    whole = client.upload(sample_pdf, GEMINI)
    client.wait(whole.id)
    price = -settled(client, whole)["job_final"]
    plan(gemini, latency_seconds=1.5)
    job = client.upload(sample_pdf, GEMINI)
    for seen in client.watch(job.id):
        if seen.status == "extracting":
            break
    began = time.monotonic()
    client.cancel(job.id)
    first = settled(client, job)
    assert time.monotonic() - began < 10, "invariant 6 says 2 s; this machine may be busy"
    assert client.wait(job.id).status == "cancelled"
    paid = -first.get("job_final", 0)
    assert paid == credits_of(billed_tokens(system, job), RATE) < price
    plan(gemini)
    client.retry(job.id)
    assert client.wait(job.id, 2).status == "completed"
    second = settled(client, job, 2)
    assert -second["job_reserve"] == -first["job_reserve"] - paid, "what is left of the estimate"
    assert paid - second["job_final"] == credits_of(billed_tokens(system, job), RATE) == price


def test_chunks_that_failed_cost_nothing_until_they_are_done(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, gemini: str
) -> None:
    plan(gemini, chances={"bad_request": 0.4}, seed=5)
    job = client.upload(sample_pdf, GEMINI)
    last = client.wait(job.id)
    assert last.status == "partial", last
    paid = -settled(client, job)["job_final"]
    assert paid == credits_of(billed_tokens(system, job), RATE)
    plan(gemini)
    client.retry(job.id)
    assert client.wait(job.id, 2).status == "completed"
    rest = -settled(client, job, 2)["job_final"]
    assert rest > 0
    assert paid + rest == credits_of(billed_tokens(system, job), RATE)


def test_a_deleted_job_is_settled_and_frees_its_bytes(client: FeuilletonClient, sample_pdf: Path, gemini: str) -> None:
    before = client.credits.standing()
    plan(gemini, latency_seconds=1.5)
    job = client.upload(sample_pdf, GEMINI)
    held = client.credits.standing()
    assert held.reserved - before.reserved == before.available - held.available > 0
    assert held.quota.stored_bytes - before.quota.stored_bytes == sample_pdf.stat().st_size
    client.delete(job.id)
    first = settled(client, job)
    assert first["job_refund"] == -first["job_reserve"]
    wait_until(lambda: client.credits.standing().quota == before.quota, what="the quota is free again")
    assert client.credits.standing().reserved == before.reserved


def test_the_local_engine_costs_nothing(client: FeuilletonClient, sample_pdf: Path) -> None:
    job = client.upload(sample_pdf, JobOptions(engine="local", pages="7-9"))
    client.wait(job.id)
    assert rows_of(client, job, 1) == {}
