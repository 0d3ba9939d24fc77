"""Invariant 1: what a client is told of an upload is what becomes of it, whichever server goes away when."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from feuilleton.contracts.events import EventData
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from feuilleton_local.servers.running import LocalServer
from tests.integration.ingest.asking import until_202, upload
from tests.kafka_reading import read_events
from tests.stack import Stack

pytestmark = pytest.mark.servers


def published(kafka: LocalServer, job: str) -> list[EventData]:
    return read_events(kafka.address, "", JOB_EVENTS, UPLOADS, job=job)


def objects(folder: Path) -> list[str]:
    return [path.name for path in (folder / "objects").rglob("*") if path.is_file()]


@contextmanager
def admissions_held(database_url: str) -> Iterator[None]:
    """Keeps every admission waiting inside its transaction until the block ends."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(database_url))
    loop.run_until_complete(connection.execute("BEGIN"))
    loop.run_until_complete(connection.execute("LOCK TABLE ingest.outbox IN EXCLUSIVE MODE"))
    try:
        yield
    finally:
        connection.terminate()
        loop.run_until_complete(asyncio.sleep(0))  # the transport closes in the loop's next turn
        loop.close()


def count(database_url: str, query: str) -> int:
    async def ask() -> int:
        connection = await asyncpg.connect(database_url)
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    return asyncio.run(ask())


_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE query LIKE 'INSERT INTO ingest.outbox%' AND wait_event_type = 'Lock'"""
_ADMITTED = "SELECT count(*) FROM ingest.outbox"


def wait_until(database_url: str, query: str) -> None:
    deadline = time.monotonic() + 20
    while count(database_url, query) == 0:
        assert time.monotonic() < deadline, "no admission reached the database"
        time.sleep(0.02)


def test_a_broker_that_is_away_before_the_request_means_503_and_no_job(
    stack: Stack, own_kafka: LocalServer, folder: Path
) -> None:
    before = objects(folder)
    own_kafka.kill()
    answer = upload(stack, key="before")
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert objects(folder) == before
    assert "kafka" in httpx.get(f"{stack.ingest_url}/readyz").json()["missing"]
    assert httpx.get(f"{stack.ingest_url}/livez").status_code == 200
    own_kafka.start()
    job = until_202(lambda: upload(stack, key="before")).json()["id"]
    assert len(published(own_kafka, job)) == 2


def test_a_broker_that_freezes_after_the_admission_means_an_unknown_outcome_and_the_job_runs(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with admissions_held(own_postgres.address):
            request: Future[httpx.Response] = thread.submit(upload, stack, key="during")
            wait_until(own_postgres.address, _WAITING)
            own_kafka.freeze()
        answer = request.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    job = answer.json()["job_id"]
    own_kafka.thaw()
    assert until_202(lambda: upload(stack, key="during")).json()["id"] == job
    assert {type(event).__name__ for event in published(own_kafka, job)} == {"JobAccepted", "UploadSubmitted"}


def test_the_relay_publishes_what_a_killed_process_admitted(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with admissions_held(own_postgres.address):
            request = thread.submit(upload, stack, key="killed")
            wait_until(own_postgres.address, _WAITING)
            own_kafka.freeze()
        wait_until(own_postgres.address, _ADMITTED)  # its messages wait for the frozen broker
        stack["ingest"].kill()
        with pytest.raises(httpx.TransportError):
            request.result()
    own_kafka.thaw()
    stack["ingest"].start()
    stack["ingest"].wait_ready()
    job = until_202(lambda: upload(stack, key="killed")).json()["id"]
    deadline = time.monotonic() + 30
    while len(published(own_kafka, job)) < 2:
        assert time.monotonic() < deadline, "the relay did not publish"
        time.sleep(0.3)


def test_a_broker_that_dies_after_the_answer_still_holds_the_job(stack: Stack, own_kafka: LocalServer) -> None:
    answer = upload(stack, key="after")
    own_kafka.kill()
    assert answer.status_code == 202
    own_kafka.start()
    assert len(published(own_kafka, answer.json()["id"])) == 2


@pytest.mark.slow  # the lease of the broken request has to lapse first (60 s)
def test_a_database_that_dies_inside_the_admission_leaves_one_job_or_none(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    before = {event.job for event in read_events(own_kafka.address, "", JOB_EVENTS)}
    with ThreadPoolExecutor(1) as thread:
        with admissions_held(own_postgres.address):
            request = thread.submit(upload, stack, key="database")
            wait_until(own_postgres.address, _WAITING)
            own_postgres.kill()
        answer = request.result()
    assert answer.status_code == 503
    assert "postgres" in httpx.get(f"{stack.ingest_url}/readyz").json()["missing"]
    own_postgres.start()
    job = until_202(lambda: upload(stack, key="database"), seconds=90).json()["id"]
    jobs = {event.job for event in read_events(own_kafka.address, "", JOB_EVENTS)} - before
    assert jobs == {job}


@pytest.mark.slow
def test_ingest_starts_before_its_servers_and_serves_when_they_come(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    stack["ingest"].stop()
    own_kafka.stop()
    own_postgres.stop()
    stack["ingest"].start()
    deadline = time.monotonic() + 30
    while True:
        try:
            ready = httpx.get(f"{stack.ingest_url}/readyz")
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert ready.status_code == 503
    assert {"kafka", "postgres"} <= set(ready.json()["missing"])
    assert upload(stack, key="early").status_code == 503
    own_kafka.start()
    own_postgres.start()
    stack["ingest"].wait_ready()
    assert until_202(lambda: upload(stack, key="early")).status_code == 202
