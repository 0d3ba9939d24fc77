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
from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import LocalServer, kafka_server, postgres_server, running
from tests.builders import a_pdf
from tests.kafka_reading import read_events
from tests.stack import Stack, auth, environment, running_stack

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outages")


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
    with running_stack(folder / "logs", env, ("ingest",)) as running:
        yield running


def upload(stack: Stack, key: str) -> httpx.Response:
    headers = auth() | {"Idempotency-Key": key}
    return httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, files={"file": a_pdf()}, timeout=60)


def upload_until_202(stack: Stack, key: str, seconds: float = 60) -> httpx.Response:
    """As a client does: the same key again while the answer is 409 or 503."""
    deadline = time.monotonic() + seconds
    while True:
        answer = upload(stack, key)
        if answer.status_code == 202 or time.monotonic() > deadline:
            return answer
        assert answer.status_code in (409, 503), answer.text
        assert int(answer.headers["retry-after"]) >= 1
        time.sleep(0.3)


def published(kafka: LocalServer, job: str) -> list[EventData]:
    found = read_events(kafka.address, "", JOB_EVENTS) + read_events(kafka.address, "", UPLOADS)
    return [event for event in found if event.job == job]


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
    answer = upload(stack, "before")
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert objects(folder) == before
    assert "kafka" in httpx.get(f"{stack.ingest_url}/readyz").json()["missing"]
    assert httpx.get(f"{stack.ingest_url}/livez").status_code == 200
    own_kafka.start()
    job = upload_until_202(stack, "before").json()["id"]
    assert len(published(own_kafka, job)) == 2


def test_a_broker_that_freezes_after_the_admission_means_an_unknown_outcome_and_the_job_runs(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with admissions_held(own_postgres.address):
            request: Future[httpx.Response] = thread.submit(upload, stack, "during")
            wait_until(own_postgres.address, _WAITING)
            own_kafka.freeze()
        answer = request.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
    job = answer.json()["job_id"]
    own_kafka.thaw()
    assert upload_until_202(stack, "during").json()["id"] == job
    assert {type(event).__name__ for event in published(own_kafka, job)} == {"JobAccepted", "UploadSubmitted"}


def test_the_relay_publishes_what_a_killed_process_admitted(
    stack: Stack, own_kafka: LocalServer, own_postgres: LocalServer
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with admissions_held(own_postgres.address):
            request = thread.submit(upload, stack, "killed")
            wait_until(own_postgres.address, _WAITING)
            own_kafka.freeze()
        wait_until(own_postgres.address, _ADMITTED)  # its messages wait for the frozen broker
        stack["ingest"].kill()
        with pytest.raises(httpx.TransportError):
            request.result()
    own_kafka.thaw()
    stack["ingest"].start()
    stack["ingest"].wait_ready()
    job = upload_until_202(stack, "killed").json()["id"]
    deadline = time.monotonic() + 30
    while len(published(own_kafka, job)) < 2:
        assert time.monotonic() < deadline, "the relay did not publish"
        time.sleep(0.3)


def test_a_broker_that_dies_after_the_answer_still_holds_the_job(stack: Stack, own_kafka: LocalServer) -> None:
    answer = upload(stack, "after")
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
            request = thread.submit(upload, stack, "database")
            wait_until(own_postgres.address, _WAITING)
            own_postgres.kill()
        answer = request.result()
    assert answer.status_code == 503
    assert "postgres" in httpx.get(f"{stack.ingest_url}/readyz").json()["missing"]
    own_postgres.start()
    job = upload_until_202(stack, "database", seconds=90).json()["id"]
    jobs = {event.job for event in read_events(own_kafka.address, "", JOB_EVENTS)} - before
    assert jobs == {job}


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
    assert upload(stack, "early").status_code == 503
    own_kafka.start()
    own_postgres.start()
    stack["ingest"].wait_ready()
    assert upload_until_202(stack, "early").status_code == 202
