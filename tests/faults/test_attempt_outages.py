"""Invariant 1 for new attempts: what a client is told is what becomes of it, whichever server goes away when."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton.contracts.events import AttemptAccepted, JobEnded, Outcome, UploadSubmitted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import LocalServer, kafka_server, postgres_server, running
from tests.builders import a_pdf
from tests.integration.ingest.publishing import publish
from tests.kafka_reading import read_events
from tests.stack import Stack, auth, environment, running_stack

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attempt-outages")


@pytest.fixture(scope="module")
def own_kafka(folder: Path) -> Iterator[LocalServer]:
    """A broker of this module's own: each test leaves it running."""
    with running(kafka_server(folder / "kafka")) as server:
        asyncio.run(create_topics(server.address))
        yield server


@pytest.fixture(scope="module")
def own_postgres(folder: Path) -> Iterator[LocalServer]:
    with running(postgres_server(folder / "postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def stack(folder: Path, own_kafka: LocalServer, own_postgres: LocalServer) -> Iterator[Stack]:
    env = environment(
        kafka=own_kafka.address,
        prefix="",
        database_url=own_postgres.address,
        object_store_url=(folder / "objects").as_uri(),
        OUTBOX_POLL_SECONDS="0.5",
    )
    with running_stack(folder / "logs", env, ("ingest",)) as running_one:
        yield running_one


@pytest.fixture
def ended(stack: Stack, own_kafka: LocalServer) -> JobId:
    """A job whose first attempt ended partial, as ingest knows by now."""
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=auth(), files={"file": a_pdf()}, timeout=60)
    job = JobId(answer.json()["id"])
    publish(own_kafka.address, "", JobEnded(job=job, tenant=DEFAULT_TENANT, outcome=Outcome.PARTIAL))
    return job


def retry(stack: Stack, job: JobId, key: str) -> httpx.Response:
    headers = auth() | {"Idempotency-Key": key}
    return httpx.post(f"{stack.ingest_url}/v1/uploads/{job}/attempts", headers=headers, timeout=60)


def retry_until_202(stack: Stack, job: JobId, key: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        answer = retry(stack, job, key)
        if answer.status_code == 202 or time.monotonic() > deadline:
            return answer
        assert answer.status_code == 503, answer.text
        time.sleep(0.3)


def kinds(kafka: LocalServer, job: JobId) -> set[tuple[type, int]]:
    """What stands of the job beyond its first attempt."""
    found = read_events(kafka.address, "", JOB_EVENTS) + read_events(kafka.address, "", UPLOADS)
    return {(type(event), event.attempt) for event in found if event.job == job and event.attempt > 1}


SECOND = {(AttemptAccepted, 2), (UploadSubmitted, 2)}


def test_a_broker_that_is_away_means_503_and_no_attempt(stack: Stack, own_kafka: LocalServer, ended: JobId) -> None:
    own_kafka.kill()
    answer = retry(stack, ended, "away")
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    own_kafka.start()
    assert kinds(own_kafka, ended) == set()
    assert retry_until_202(stack, ended, "away").json()["attempt"] == 2
    assert kinds(own_kafka, ended) == SECOND


def test_a_killed_process_has_begun_one_attempt_or_none_and_a_begun_one_runs(
    stack: Stack, own_kafka: LocalServer, ended: JobId
) -> None:
    own_kafka.freeze()
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{stack.ingest_url}/v1/uploads/{ended}/attempts", headers=auth(), timeout=0.7)
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
    assert retry_until_202(stack, ended, "database").json()["attempt"] == 2
    assert kinds(own_kafka, ended) == SECOND
