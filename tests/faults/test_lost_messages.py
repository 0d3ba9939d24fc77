"""Invariant 13: what an operator or a disk took from the topics is published again, by command or by the sweep."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from feuilleton.contracts import ids
from feuilleton.contracts.events import ChunkExtracted, UploadSubmitted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, JOB_EVENTS, UPLOADS, Topic
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from tests.kafka_reading import read_events
from tests.remade_topics import make_anew
from tests.results import read_result, store_folder
from tests.stack import API_KEY, RunServices, Stack, auth, environment, migrate, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.slow]


SETTINGS = {
    "ENGINES": "gemini",
    "LOCAL_WORKERS": "0",
    "GEMINI_API_KEY": "fake",
    "OUTBOX_POLL_SECONDS": "0.5",
    "STUCK_SWEEP_SECONDS": "0.5",
    "DELETED_SWEEP_SECONDS": "3",
}


@pytest.fixture(scope="module")
def stack(run_services: RunServices, gemini: str) -> Iterator[Stack]:
    with run_services(GEMINI_BASE_URL=gemini, **SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as made:
        yield made


@pytest.fixture
def untouched_stack(
    tmp_path: Path, kafka: str, fresh_kafka_topics: str, fresh_database_url: str, gemini: str
) -> Iterator[Stack]:
    """For one test alone: once a topic was made anew, workers leave, and a job may wait for the sweep."""
    env = environment(
        kafka=kafka,
        prefix=fresh_kafka_topics,
        database_url=fresh_database_url,
        object_store_url=(tmp_path / "objects").as_uri(),
        GEMINI_BASE_URL=gemini,
        **SETTINGS,
    )
    with running_stack(tmp_path, env) as running:
        yield running


@pytest.fixture
def untouched_client(untouched_stack: Stack) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(untouched_stack.ingest_url, untouched_stack.status_url, API_KEY) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(stack: Stack, client: FeuilletonClient, sample_pdf: Path) -> bytes:
    return read_result(stack, client, client.wait(upload(client, sample_pdf))).cards_jsonl


def upload(client: FeuilletonClient, sample_pdf: Path) -> str:
    return client.upload(sample_pdf, JobOptions(engine="gemini")).id


def restart(stack: Stack, name: str, **env: str) -> None:
    stack[name].stop()
    stack[name].env = {**stack.env, **env}
    stack[name].start()
    stack[name].wait_ready()


def job(stack: Stack, job_id: str) -> dict[str, object]:
    answer: dict[str, object] = httpx.get(f"{stack.status_url}/v1/jobs/{job_id}", headers=auth()).json()
    return answer


def lose(stack: Stack, topic: Topic) -> None:
    """Delete every record of a topic, read or not."""
    asyncio.run(_delete_records(stack.env["KAFKA_BOOTSTRAP_SERVERS"], stack.env["KAFKA_PREFIX"] + topic.name, topic))


async def _delete_records(kafka: str, name: str, topic: Topic) -> None:
    parts = [TopicPartition(name, number) for number in range(topic.partitions)]
    consumer, admin = AIOKafkaConsumer(bootstrap_servers=kafka), AIOKafkaAdminClient(bootstrap_servers=kafka)
    await consumer.start()
    await admin.start()
    try:
        ends = await consumer.end_offsets(parts)
        await admin.delete_records({part: RecordsToDelete(end) for part, end in ends.items()})
    finally:
        await admin.close()
        await consumer.stop()


def remake(stack: Stack, topic: Topic) -> None:
    make_anew(topic, kafka=stack.env["KAFKA_BOOTSTRAP_SERVERS"], prefix=stack.env["KAFKA_PREFIX"])


def helped_to_its_end(stack: Stack, client: FeuilletonClient, job_id: str) -> bool:
    """Whether the job ends, published again now and then as by the sweep: a member of the old topic may have committed
    its place there for the new one, and what comes first in it is then passed over.
    """
    for _ in range(5):
        if ended_soon(stack, client, job_id):
            return True
        reconcile(stack, job_id)
    return False


def ended_soon(stack: Stack, client: FeuilletonClient, job_id: str) -> bool:
    """Whether the job ends within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        supervised(stack)
        if client.job(job_id).status.ended:
            return True
        time.sleep(0.5)
    return False


def supervised(stack: Stack) -> None:
    """Start what has ended, as whatever runs the services does."""
    for service in stack.services.values():
        if service.process is not None and service.process.poll() is not None:
            service.start()


def reconcile(stack: Stack, job_id: str) -> str:
    """As an operator does; what the command says of the job."""
    return str(json.loads(ops(stack, "reconcile", job_id, "--json").stdout)["reconcile"])


def uploads_of(stack: Stack, job_id: str) -> list[UploadSubmitted]:
    found = read_events(stack.env["KAFKA_BOOTSTRAP_SERVERS"], stack.env["KAFKA_PREFIX"], UPLOADS)
    return [event for event in found if isinstance(event, UploadSubmitted) and event.job == job_id]


def results_of(stack: Stack, job_id: str) -> int:
    found = read_events(stack.env["KAFKA_BOOTSTRAP_SERVERS"], stack.env["KAFKA_PREFIX"], CHUNK_RESULTS)
    return len({event.index for event in found if isinstance(event, ChunkExtracted) and event.job == job_id})


def cards(stack: Stack, client: FeuilletonClient, job_id: str) -> bytes:
    last = client.wait(job_id)
    assert last.status == "completed"
    return read_result(stack, client, last).cards_jsonl


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "topic",
    [UPLOADS, CHUNKS, CHUNK_RESULTS],
    ids=lambda topic: topic.name,
)
def test_a_job_whose_messages_were_lost_ends_with_the_same_cards_after_a_reconcile(
    stack: Stack, client: FeuilletonClient, sample_pdf: Path, undisturbed: bytes, topic: Topic
) -> None:
    reader = {"uploads": "splitter", "chunks": "extractor", "chunk-results": "merger"}[topic.name]
    stack[reader].stop()
    job_id = upload(client, sample_pdf)
    if topic is not UPLOADS:
        wait_until(lambda: job(stack, job_id)["status"] == "extracting")
    if topic is CHUNK_RESULTS:
        total = client.job(job_id).chunks.total
        wait_until(lambda: results_of(stack, job_id) == total)
    lose(stack, topic)
    stack[reader].start()
    stack[reader].wait_ready()
    time.sleep(1.0)
    assert not client.job(job_id).status.ended
    assert reconcile(stack, job_id) == "asked"
    assert cards(stack, client, job_id) == undisturbed
    assert reconcile(stack, job_id) == "ended"


@pytest.mark.timeout(420)  # each of two jobs may wait for five sweeps, half a minute apart, beside the start of all
@pytest.mark.parametrize("topic", [UPLOADS, CHUNKS, CHUNK_RESULTS], ids=lambda topic: topic.name)
def test_a_topic_that_was_deleted_and_made_again_under_running_workers_is_recovered(
    untouched_stack: Stack, untouched_client: FeuilletonClient, sample_pdf: Path, gemini: str, topic: Topic
) -> None:
    stack, client = untouched_stack, untouched_client
    undisturbed = cards(stack, client, upload(client, sample_pdf))
    httpx.put(f"{gemini}/plan", json={"latency_seconds": 3.0}).raise_for_status()
    try:
        job_id = upload(client, sample_pdf)
        wait_until(lambda: job(stack, job_id)["status"] == "extracting")
        remake(stack, topic)
        assert helped_to_its_end(stack, client, job_id)
        assert cards(stack, client, job_id) == undisturbed
    finally:
        httpx.put(f"{gemini}/plan", json={}).raise_for_status()
    after = upload(client, sample_pdf)
    assert helped_to_its_end(stack, client, after)
    assert cards(stack, client, after) == undisturbed


@pytest.mark.timeout(180)
def test_the_sweep_leaves_a_job_in_a_queue_alone_and_helps_one_whose_messages_are_gone(
    stack: Stack, client: FeuilletonClient, sample_pdf: Path, undisturbed: bytes
) -> None:
    stack["extractor"].stop()
    restart(stack, "ingest", STUCK_FIRST_GAP_SECONDS="2")
    job_id = upload(client, sample_pdf)
    wait_until(lambda: job(stack, job_id)["status"] == "extracting")
    time.sleep(7.0)  # several gaps and sweeps
    assert len(uploads_of(stack, job_id)) == 1, "its chunks wait for an extractor"
    lose(stack, CHUNKS)
    wait_until(lambda: len(uploads_of(stack, job_id)) == 2)
    stack["extractor"].start()
    stack["extractor"].wait_ready()
    assert cards(stack, client, job_id) == undisturbed
    restart(stack, "ingest")


@pytest.mark.timeout(180)
def test_an_attempt_beyond_the_limit_expires_and_can_be_tried_again(
    stack: Stack, client: FeuilletonClient, sample_pdf: Path, undisturbed: bytes
) -> None:
    stack["extractor"].stop()
    restart(stack, "ingest", STUCK_FIRST_GAP_SECONDS="2", ATTEMPT_LIMIT_SECONDS="4")
    job_id = upload(client, sample_pdf)
    last = client.wait(job_id)
    assert (last.status, last.code) == ("failed", "expired")
    restart(stack, "ingest")
    stack["extractor"].start()
    stack["extractor"].wait_ready()
    again = client.retry(job_id)
    assert client.wait(job_id, again.attempt).status == "completed"


@pytest.mark.timeout(180)
def test_a_deleted_job_leaves_nothing_not_even_what_is_written_late(
    stack: Stack, client: FeuilletonClient, sample_pdf: Path
) -> None:
    """Invariant 14: a process that was frozen writes a checkpoint after the folder was emptied."""
    job_id = upload(client, sample_pdf)
    wait_until(lambda: job(stack, job_id)["status"] == "extracting")
    client.delete(job_id)
    wait_until(lambda: client.job(job_id).status == "deleted")
    folder = store_folder(stack) / ids.job_prefix(DEFAULT_TENANT, JobId(job_id))
    late = store_folder(stack) / ids.checkpoint_key(DEFAULT_TENANT, JobId(job_id), 3)
    late.parent.mkdir(parents=True, exist_ok=True)
    late.write_bytes(b"{}")
    wait_until(lambda: not [path for path in folder.rglob("*") if path.is_file()])
    assert httpx.get(f"{stack.status_url}/v1/jobs/{job_id}/cards", headers=auth()).status_code == 410
    assert reconcile(stack, job_id) == "deleted"


@pytest.mark.timeout(240)
def test_jobs_come_back_after_job_events_itself_was_lost(
    untouched_stack: Stack, untouched_client: FeuilletonClient, sample_pdf: Path
) -> None:
    """The projector stops; an operator drops its rows, and has ingest say what it knows of each job."""
    stack, client = untouched_stack, untouched_client
    done = upload(client, sample_pdf)
    undisturbed = cards(stack, client, done)
    stack["extractor"].stop()
    running = upload(client, sample_pdf)
    wait_until(lambda: job(stack, running)["status"] == "extracting")
    remake(stack, JOB_EVENTS)
    ops(stack, "reconcile", "--all")  # gives the projector something to read, and it finds that the log is another
    projector = stack["projector"].process
    assert projector is not None
    assert projector.wait(60) == 3
    asyncio.run(drop_projection(stack.env["DATABASE_URL"]))
    migrate(stack.env)
    stack["projector"].start()
    stack["extractor"].start()
    wait_until(
        lambda: ops(stack, "reconcile", "--all").returncode == 0 and client_sees(stack, done, running), seconds=90
    )
    assert cards(stack, client, done) == undisturbed
    assert cards(stack, client, running) == undisturbed


def client_sees(stack: Stack, *jobs: str) -> bool:
    answers = [httpx.get(f"{stack.status_url}/v1/jobs/{each}", headers=auth(), timeout=30) for each in jobs]
    return all(answer.status_code == 200 for answer in answers)


async def drop_projection(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP SCHEMA projection CASCADE")
    await connection.close()


def ops(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "feuilleton_client", "ops", *arguments]
    return subprocess.run(command, env={**os.environ, **stack.env}, capture_output=True, timeout=60, check=False)
