"""Invariant 1 for new attempts: what a client is told is what becomes of it, whichever server goes away when."""

import time

import httpx
import pytest

from feuilleton.contracts.events import AttemptAccepted, JobEnded, Outcome, UploadSubmitted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton_local.servers.running import LocalServer
from tests.integration.ingest.asking import retry, until_202, upload
from tests.kafka_reading import read_events
from tests.seeded_books import submit
from tests.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
def ended(stack: Stack, own_kafka: LocalServer) -> JobId:
    """A job whose first attempt ended partial, as ingest knows by now."""
    job = JobId(upload(stack).json()["id"])
    submit([JobEnded(job=job, tenant=DEFAULT_TENANT, outcome=Outcome.PARTIAL)], kafka=own_kafka.address, prefix="")
    return job


def kinds(kafka: LocalServer, job: JobId) -> set[tuple[type, int]]:
    """What stands of the job beyond its first attempt."""
    found = read_events(kafka.address, "", JOB_EVENTS, UPLOADS, job=job)
    return {(type(event), event.attempt) for event in found if event.attempt > 1}


SECOND = {(AttemptAccepted, 2), (UploadSubmitted, 2)}


def test_a_broker_that_is_away_means_503_and_no_attempt(stack: Stack, own_kafka: LocalServer, ended: JobId) -> None:
    own_kafka.kill()
    answer = retry(stack, ended, "away")
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    own_kafka.start()
    assert kinds(own_kafka, ended) == set()
    assert until_202(lambda: retry(stack, ended, "away"), meanwhile=(503,)).json()["attempt"] == 2
    assert kinds(own_kafka, ended) == SECOND


def test_a_killed_process_has_begun_one_attempt_or_none_and_a_begun_one_runs(
    stack: Stack, own_kafka: LocalServer, ended: JobId
) -> None:
    own_kafka.freeze()
    with pytest.raises(httpx.TransportError):
        retry(stack, ended, seconds=0.7)
    stack["ingest"].kill()
    own_kafka.thaw()
    stack["ingest"].start()
    stack["ingest"].wait_ready()
    answer = retry(stack, ended, "killed")
    assert answer.status_code in (202, 409), answer.text
    deadline = time.monotonic() + 30
    while kinds(own_kafka, ended) != SECOND:
        assert time.monotonic() < deadline, "the relay did not publish"
        time.sleep(0.3)


def test_a_database_that_restarts_leaves_one_attempt(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer, ended: JobId
) -> None:
    own_postgres.kill()
    assert retry(stack, ended, "database").status_code == 503
    own_postgres.start()
    assert until_202(lambda: retry(stack, ended, "database"), meanwhile=(503,)).json()["attempt"] == 2
    assert kinds(own_kafka, ended) == SECOND
