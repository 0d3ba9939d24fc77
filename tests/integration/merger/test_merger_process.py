"""The true merger process against the real broker and a folder as store."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from feuilleton.contracts import ids
from feuilleton.contracts.events import (
    CancelJob,
    ChunkExtracted,
    ChunkFinished,
    DeleteJob,
    EventData,
    JobDeleted,
    JobEnded,
    Outcome,
)
from feuilleton.contracts.topics import CHUNK_RESULTS, DEAD_LETTERS, JOB_EVENTS
from feuilleton.storage.objects import open_store
from feuilleton.streaming.kafka import partition_for
from feuilleton.streaming.runner import EXIT_LOST_INVARIANT
from tests.kafka_reading import read_events, read_records
from tests.remade_topics import make_anew
from tests.seeded_books import TENANT, SeededBook, a_book, a_failure, seed, settle, submit, submit_raw
from tests.stack import Service, Stack, environment
from tests.waiting import wait_until

pytestmark = pytest.mark.servers
E = TypeVar("E", bound=EventData)


class World:
    """A merger's surroundings: the topics, and a folder in which extractors leave what they made."""

    def __init__(self, folder: Path, kafka: str, prefix: str) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.url = (folder / "objects").as_uri()
        self.objects = folder / "objects"
        self.stack = Stack(folder, environment(kafka=kafka, prefix=prefix, database_url="", object_store_url=self.url))

    def split(self, *books: SeededBook) -> None:
        for book in books:
            seed(book, object_store_url=self.url)

    def extract(self, book: SeededBook, *, failing: int | None = None, chunks: slice = slice(None)) -> None:
        """Leave the documents of these chunks, and publish their results."""
        store = open_store(self.url)

        async def settle_all() -> list[ChunkExtracted]:
            return [
                await settle(store, chunk, a_failure(chunk) if chunk.index == failing else None)
                for chunk in book.chunks[chunks]
            ]

        self.publish(asyncio.run(settle_all()))

    def publish(self, events: Sequence[EventData]) -> None:
        submit(events, kafka=self.kafka, prefix=self.prefix)

    def events(self, book: SeededBook, kind: type[E]) -> list[E]:
        found = read_events(self.kafka, self.prefix, JOB_EVENTS)
        return [event for event in found if isinstance(event, kind) and event.job == book.job]

    def first(self, book: SeededBook, kind: type[E], *, seconds: float = 60.0) -> E:
        found: list[E] = []

        def look() -> bool:
            found[:] = self.events(book, kind)
            return bool(found)

        wait_until(look, seconds=seconds)
        return found[0]

    def cards(self, end: JobEnded) -> bytes:
        assert end.result is not None
        return (self.objects / ids.cards_key(end.result)).read_bytes()


@pytest.fixture
def world(tmp_path: Path, kafka: str, fresh_kafka_topics: str) -> Iterator[World]:
    world = World(tmp_path, kafka, fresh_kafka_topics)
    try:
        yield world
    finally:
        world.stack.stop()


def test_jobs_end_as_what_their_chunks_came_to(world: World) -> None:
    good, partial, poor = a_book(12), a_book(5), a_book(1)
    world.split(good, partial, poor)
    world.stack.add("merger")
    world.stack.start()
    for book, failing in ((good, None), (partial, 3), (poor, 0)):
        world.extract(book, failing=failing)
    ends = [world.first(book, JobEnded) for book in (good, partial, poor)]
    assert [end.outcome for end in ends] == [Outcome.COMPLETED, Outcome.PARTIAL, Outcome.FAILED]
    assert len(world.cards(ends[0]).splitlines()) == ends[0].counts.cards == 48
    assert {event.index for event in world.events(good, ChunkFinished)} == set(range(12))


@pytest.mark.slow
def test_killed_again_and_again_it_ends_every_job_with_the_same_bytes(world: World) -> None:
    undisturbed, books = a_book(30), [a_book(30) for _ in range(4)]
    world.split(undisturbed, *books)
    replicas = [world.stack.add("merger", number) for number in range(2)]
    world.stack.start()
    world.extract(undisturbed)
    expected = world.cards(world.first(undisturbed, JobEnded))
    for book, replica in zip(books, itertools.cycle(replicas), strict=False):
        world.extract(book, chunks=slice(0, 20))
        replica.kill()
        world.extract(book, chunks=slice(20, None))
        replica.start()
    for book in books:
        assert world.cards(world.first(book, JobEnded)) == expected
        assert {event.index for event in world.events(book, ChunkFinished)} == set(range(30))


def test_a_cancel_ends_the_job_within_two_seconds_and_its_late_results_change_nothing(world: World) -> None:
    book, after = a_book(6), a_book(1)
    world.split(book, after)
    world.stack.add("merger")
    world.stack.start()
    world.extract(book, chunks=slice(0, 4))
    wait_until(lambda: len(world.events(book, ChunkFinished)) == 4)
    asked = time.monotonic()
    world.publish([CancelJob(job=book.job, tenant=TENANT)])
    end = world.first(book, JobEnded, seconds=5)
    assert time.monotonic() - asked < 2
    assert (end.outcome, end.billed_tokens) == (Outcome.CANCELLED, 400)
    world.extract(book, chunks=slice(4, None))
    world.extract(after)
    world.first(after, JobEnded)
    assert len(world.events(book, JobEnded)) == 1
    assert len(world.events(book, ChunkFinished)) == 4


def test_a_deleted_job_leaves_no_object(world: World) -> None:
    book, other = a_book(3), a_book(3)
    world.split(book, other)
    world.extract(book)
    world.stack.add("merger")
    world.stack.start()
    world.first(book, JobEnded)
    world.publish([DeleteJob(job=book.job, tenant=TENANT)])
    assert world.first(book, JobDeleted).bytes_freed > 1000
    left = [path for path in world.objects.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if book.job in path.parts]


def test_poison_goes_to_the_dead_letters_and_its_job_still_ends(world: World) -> None:
    book = a_book(3)
    world.split(book)
    world.stack.add("merger")
    world.stack.start()
    world.extract(book, chunks=slice(0, 2))
    asyncio.run(settle(open_store(world.url), book.chunks[2]))
    headers = (("job", book.job.encode()), ("tenant", TENANT.encode()), ("attempt", b"1"), ("index", b"2"))
    submit_raw(CHUNK_RESULTS, book.job.encode(), b"{broken", headers, kafka=world.kafka, prefix=world.prefix)
    assert world.first(book, JobEnded).outcome is Outcome.COMPLETED
    letters = partial(read_records, world.kafka, world.prefix, DEAD_LETTERS)
    wait_until(lambda: bool(asyncio.run(letters())))  # the fact that replaces the message comes first
    (letter,) = asyncio.run(letters())
    assert dict(letter.headers)["dl-reason"] == b"poison_message"


def test_sigterm_ends_it_with_status_zero(world: World) -> None:
    merger = world.stack.add("merger")
    world.stack.start()
    assert merger.stop() == 0


def test_chunks_that_another_member_counted_while_a_partition_was_its_own_are_not_missed(world: World) -> None:
    frozen, other = world.stack.add("merger"), world.stack.add("merger", 1)
    world.stack.start()
    wait_until(lambda: asyncio.run(_members(world)) == 2)
    books = [a_book(3) for _ in range(8)]
    world.split(*books)
    for book in books:
        world.extract(book, chunks=slice(0, 1))
        world.first(book, ChunkFinished)
    os.kill(frozen.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: asyncio.run(_members(world)) == 1)
        for book in books:
            world.extract(book, chunks=slice(1, 2))
        wait_until(lambda: all(len(world.events(book, ChunkFinished)) >= 2 for book in books), seconds=60)
        # What is delivered once more is counted once more: the cache is trusted only where it is not.
        wait_until(lambda: asyncio.run(_committed(world)) == 2 * len(books))
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
    wait_until(lambda: asyncio.run(_members(world)) == 2)
    other.stop()  # so that what was the frozen one's is its own again, whatever it was given as it came back
    wait_until(lambda: asyncio.run(_members(world)) == 1)
    for book in books:
        world.extract(book, chunks=slice(2, 3))
    for book in books:
        assert world.first(book, JobEnded).outcome is Outcome.COMPLETED


def test_a_topic_that_was_made_anew_unseen_is_read_from_its_beginning(world: World) -> None:
    """The merger is frozen meanwhile, so it goes on with a log that begins again below what it has read."""
    before = a_book(12)
    after = _book_beside(before, chunks=5)
    world.split(before, after)
    merger = world.stack.add("merger")
    world.stack.start()
    world.extract(before)
    world.first(before, JobEnded)
    os.kill(merger.pid, signal.SIGSTOP)
    make_anew(CHUNK_RESULTS, kafka=world.kafka, prefix=world.prefix)
    os.kill(merger.pid, signal.SIGCONT)
    world.extract(after)
    _end_and_start_again(merger)
    assert world.first(after, JobEnded).outcome is Outcome.COMPLETED


def test_a_place_committed_for_a_topic_that_was_made_anew_since_is_given_up(world: World) -> None:
    book = a_book(5)
    world.split(book)
    asyncio.run(_commit(world, _partition(book), 11))
    merger = world.stack.add("merger")
    world.stack.start()
    world.extract(book)
    _end_and_start_again(merger)
    assert world.first(book, JobEnded).outcome is Outcome.COMPLETED


async def _members(world: World) -> int:
    """How many members the mergers' group has; 0 in the middle of a rebalance."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([f"{world.prefix}merger"])
        ((_, _, state, _, _, members),) = answer.groups
        return len(members) if state == "Stable" else 0
    finally:
        await admin.close()


async def _committed(world: World) -> int:
    """How many results the mergers' group has finished."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka)
    await admin.start()
    try:
        places = await admin.list_consumer_group_offsets(f"{world.prefix}merger")
        name = world.prefix + CHUNK_RESULTS.name
        return sum(max(0, place.offset) for part, place in places.items() if part.topic == name)
    finally:
        await admin.close()


def _partition(book: SeededBook) -> int:
    return partition_for(book.job.encode(), CHUNK_RESULTS.partitions)


def _book_beside(other: SeededBook, *, chunks: int) -> SeededBook:
    """One whose results go to the same partition."""
    return next(book for book in map(a_book, itertools.repeat(chunks)) if _partition(book) == _partition(other))


def _end_and_start_again(merger: Service) -> None:
    """It ends by itself, and is started again as whatever runs the services does."""
    assert merger.process is not None
    assert merger.process.wait(30) == EXIT_LOST_INVARIANT
    merger.start()


async def _commit(world: World, partition: int, offset: int) -> None:
    """As a member of the merger's group that acknowledges late."""
    part = TopicPartition(world.prefix + CHUNK_RESULTS.name, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=world.kafka, group_id=f"{world.prefix}merger")
    await consumer.start()
    try:
        consumer.assign([part])
        await consumer.commit({part: offset})
    finally:
        await consumer.stop()
