"""kill -9 of each service in the middle of a job: the job still ends, with the same cards."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from tests.results import Result, read_result
from tests.stack import COMMANDS, Stack, auth

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def slow_model(gemini: str) -> Iterator[None]:
    """A model that takes two seconds, so that there is a middle of a job."""
    httpx.put(f"{gemini}/plan", json={"latency_seconds": 2.0}).raise_for_status()
    yield
    httpx.put(f"{gemini}/plan", json={}).raise_for_status()


@pytest.fixture(scope="module")
def undisturbed(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> Result:
    return read_result(system, client, client.wait(client.upload(sample_pdf, JobOptions(engine="gemini")).id))


def wait_for(system: Stack, job_id: str, statuses: set[str]) -> None:
    deadline = time.monotonic() + 60
    while httpx.get(f"{system.status_url}/v1/jobs/{job_id}", headers=auth()).json()["status"] not in statuses:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "extractor" else pytest.mark.slow)
        for name in COMMANDS
        if name != "ingest"
    ],
)
def test_a_killed_service_changes_nothing_in_the_cards(
    name: str, client: FeuilletonClient, system: Stack, sample_pdf: Path, undisturbed: Result
) -> None:
    job_id = client.upload(sample_pdf, JobOptions(engine="gemini")).id
    if name != "splitter":  # which is done in a blink: killed at once, it dies with the upload in its hands
        wait_for(system, job_id, {"extracting"})
    system[name].kill()
    time.sleep(0.5)
    system[name].start()
    system[name].wait_ready()
    result = read_result(system, client, client.wait(job_id))
    assert result.job.status == "completed"
    assert result.cards_jsonl == undisturbed.cards_jsonl
    result.check()


@pytest.mark.slow
def test_a_killed_ingest_has_admitted_a_job_or_nothing(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, undisturbed: Result
) -> None:
    job_id = client.upload(sample_pdf, JobOptions(engine="gemini")).id
    system["ingest"].kill()
    system["ingest"].start()
    result = read_result(system, client, client.wait(job_id))
    assert result.cards_jsonl == undisturbed.cards_jsonl
    system["ingest"].wait_ready()
