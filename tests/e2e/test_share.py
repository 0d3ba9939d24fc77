"""A tenant with a share of the extractor gets ahead of another, and the other is served all the same."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.identity import KeyWish, TenantNumbers
from feuilleton_client.uploads import JobOptions
from tests.e2e.test_attempts import plan
from tests.stack import API_KEY, RunServices, Stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
def narrow(run_services: RunServices, gemini: str) -> Iterator[Stack]:
    """A system whose extractor makes two calls at a time, half a second each."""
    plan(gemini, latency_seconds=0.5)
    more = {"ENGINES": "gemini", "GEMINI_API_KEY": "fake", "GEMINI_BASE_URL": gemini, "GEMINI_CALLS": "2"}
    with run_services(**more, LOCAL_WORKERS="0") as stack:
        yield stack
    plan(gemini)


def a_client(stack: Stack, share: int) -> FeuilletonClient:
    """Of a new tenant with that share."""
    name = f"tenant-{uuid4().hex[:8]}"
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as operator:
        operator.identity.create_tenant(name, name, TenantNumbers(share=share))
        key = operator.identity.create_key(KeyWish(name="key", tenant=name)).key
    return FeuilletonClient(stack.ingest_url, stack.status_url, key)


def finished(client: FeuilletonClient, job: str) -> int:
    return client.job(job).chunks.finished


@pytest.mark.timeout(240)
@pytest.mark.parametrize("share", [1, 4])
def test_shares_decide_who_is_ahead_and_starve_nobody(narrow: Stack, sample_pdf: Path, share: int) -> None:
    with a_client(narrow, share) as large, a_client(narrow, 1) as small:
        jobs = [client.upload(sample_pdf, JobOptions(engine="gemini")).id for client in (small, large)]
        wait_until(lambda: large.job(jobs[1]).status.ended, what="the large share's book is done", seconds=180)
        total, behind = large.job(jobs[1]).chunks.total, finished(small, jobs[0])
    assert total >= 8
    assert behind >= 1, "nobody waits for all of another's book"
    if share == 1:
        assert behind >= total - 3, "equals end together"
    else:
        assert behind <= total * 0.6, "the larger share is ahead"
