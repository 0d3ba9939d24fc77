"""The true splitter process against the real broker and a folder as store."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from aiokafka import ConsumerRecord

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Manifest
from feuilleton.contracts.events import (
    CancelJob,
    ChunkSubmitted,
    EventData,
    JobEnded,
    JobSplit,
    JobSplitting,
    Message,
    Outcome,
    UploadSubmitted,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.topics import CHUNKS, DEAD_LETTERS, JOB_EVENTS, UPLOADS
from feuilleton.storage.objects import open_store
from feuilleton_sample.typeset import typeset_sample
from tests.builders import a_pdf, an_order
from tests.kafka_reading import read_events, read_records
from tests.seeded_books import publish, submit
from tests.stack import Stack, environment
from tests.waiting import wait_until

pytestmark = pytest.mark.servers
TENANT = TenantId("default")
E = TypeVar("E", bound=EventData)


class World:
    """A splitter's surroundings: the topics, and a folder in which ingest leaves uploads."""

    def __init__(self, folder: Path, kafka: str, prefix: str) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.url = (folder / "objects").as_uri()
        env = environment(kafka=kafka, prefix=prefix, database_url="", object_store_url=self.url, SPLITTER_WORKERS="1")
        self.stack = Stack(folder, env)

    def upload(self, body: bytes, *, attempt: int = 1, job: JobId | None = None) -> UploadSubmitted:
        order = an_order(body, tenant=TENANT, attempt=attempt, job=job)
        asyncio.run(open_store(self.url).put(ids.upload_key(TENANT, order.job), body))
        self.submit(order)
        return order

    def submit(self, *events: EventData) -> None:
        submit(list(events), kafka=self.kafka, prefix=self.prefix)

    def submit_raw(self, message: Message) -> None:
        asyncio.run(publish([message], self.kafka, self.prefix))

    def events(self, job: JobId, kind: type[E]) -> list[E]:
        topic = CHUNKS if kind is ChunkSubmitted else JOB_EVENTS
        found = read_events(self.kafka, self.prefix, topic)
        return [event for event in found if isinstance(event, kind) and event.job == job]

    def manifest(self, job: JobId) -> Manifest:
        body = asyncio.run(open_store(self.url).get(ids.manifest_key(TENANT, job)))
        return Manifest.model_validate_json(body)


@pytest.fixture
def world(tmp_path: Path, kafka: str, fresh_kafka_topics: str) -> Iterator[World]:
    world = World(tmp_path, kafka, fresh_kafka_topics)
    try:
        yield world
    finally:
        world.stack.stop()


def test_an_upload_becomes_chunks_and_a_split(world: World) -> None:
    world.stack.add("splitter")
    world.stack.start()
    order = world.upload(typeset_sample())
    wait_until(lambda: bool(world.events(order.job, JobSplit)))
    (split,) = world.events(order.job, JobSplit)
    chunks = world.events(order.job, ChunkSubmitted)
    manifest = world.manifest(order.job)
    assert sorted(chunk.index for chunk in chunks) == list(range(split.chunks))
    assert split.chunks == len(manifest.chunks) > 5
    assert split.chapters == 6
    assert len(world.events(order.job, JobSplitting)) == 1
    assert sum(len(chunk.sentences) for chunk in chunks) == split.source_sentences
    assert max(len(record.value or b"") for record in chunk_records(world)) < 1_000_000


def chunk_records(world: World) -> "list[ConsumerRecord[bytes, bytes]]":
    return asyncio.run(read_records(world.kafka, world.prefix, CHUNKS))


def test_a_splitter_killed_while_it_splits_leaves_the_same_chunks(world: World) -> None:
    world.stack.add("splitter")
    world.stack.start()
    order = world.upload(typeset_sample())
    wait_until(lambda: bool(world.events(order.job, JobSplitting)))
    world.stack["splitter"].kill()
    world.stack["splitter"].start()
    wait_until(lambda: bool(world.events(order.job, JobSplit)))
    manifest = world.manifest(order.job)
    hashes = {(chunk.index, chunk.text_hash) for chunk in world.events(order.job, ChunkSubmitted)}
    assert hashes == {(chunk.index, chunk.text_hash) for chunk in manifest.chunks}
    assert world.events(order.job, JobEnded) == []


def test_what_cannot_be_read_ends_with_its_code_and_holds_up_nothing(world: World) -> None:
    world.stack.add("splitter")
    world.stack.start()
    orders = {
        "damaged": world.upload(b"%PDF-1.7 nothing"),
        "encrypted": world.upload(a_pdf(password="secret")),
        "no_text": world.upload(a_pdf(text="")),
    }
    good = world.upload(a_pdf(pages=2))
    for code, order in orders.items():
        wait_until(lambda job=order.job: bool(world.events(job, JobEnded)))  # type: ignore[misc]
        (end,) = world.events(order.job, JobEnded)
        assert (end.outcome, end.code) == (Outcome.FAILED, code)
    wait_until(lambda: bool(world.events(good.job, JobSplit)))


def test_a_job_cancelled_before_the_splitter_came_up_is_not_split(world: World) -> None:
    job = JobId(str(uuid.uuid4()))
    world.submit(CancelJob(job=job, tenant=TENANT))
    world.upload(a_pdf(), job=job)
    world.stack.add("splitter")
    world.stack.start()
    wait_until(lambda: bool(world.events(job, JobEnded)))
    assert world.events(job, JobEnded)[0].outcome is Outcome.CANCELLED
    assert world.events(job, ChunkSubmitted) == []


def test_poison_ends_its_attempt_goes_to_dead_letters_and_the_next_upload_is_split(world: World) -> None:
    world.stack.add("splitter")
    world.stack.start()
    job = JobId(str(uuid.uuid4()))
    headers = (("job", job.encode()), ("tenant", TENANT.encode()), ("attempt", b"1"))
    world.submit_raw(Message(UPLOADS.name, job.encode(), b"not an event", headers))
    world.submit_raw(Message(UPLOADS.name, job.encode(), b"not even headers"))
    order = world.upload(a_pdf())
    wait_until(lambda: bool(world.events(order.job, JobSplit)))
    wait_until(lambda: bool(world.events(job, JobEnded)))
    assert world.events(job, JobEnded)[0].code == "poison_message"
    wait_until(lambda: len(letters(world)) == 2)
    assert {dict(letter.headers)["dl-service"] for letter in letters(world)} == {b"splitter"}


def letters(world: World) -> "list[ConsumerRecord[bytes, bytes]]":
    return asyncio.run(read_records(world.kafka, world.prefix, DEAD_LETTERS))


def test_two_replicas_split_many_books_each_to_one_manifest(world: World) -> None:
    orders = [world.upload(a_pdf(pages=n + 1)) for n in range(12)]
    for replica in range(2):
        world.stack.add("splitter", replica)
    world.stack.start()
    for order in orders:
        wait_until(lambda job=order.job: bool(world.events(job, JobSplit)))  # type: ignore[misc]
        assert world.manifest(order.job).fault is None
