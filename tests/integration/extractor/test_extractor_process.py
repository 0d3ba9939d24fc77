"""The true extractor process against the real broker, a folder as store, and a fake model server."""

import asyncio
import time
from collections.abc import Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from feuilleton.contracts import ids
from feuilleton.contracts.events import CancelJob, ChunkExtracted
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS
from tests.fakes.gemini import Plan
from tests.integration.extractor.conftest import GeminiProcess
from tests.kafka_reading import read_events, read_records
from tests.seeded_books import TENANT, SeededBook, a_book, seed, submit
from tests.stack import Stack

pytestmark = pytest.mark.servers
Wait = Callable[..., None]


class Broker:
    """What the tests look at in the broker."""

    def __init__(self, stack: Stack) -> None:
        self.kafka = stack.env["KAFKA_BOOTSTRAP_SERVERS"]
        self.prefix = stack.env["KAFKA_PREFIX"]
        self.store = stack.env["OBJECT_STORE_URL"]

    def publish(self, *books: SeededBook) -> None:
        for book in books:
            seed(book, object_store_url=self.store)
        submit([chunk for book in books for chunk in book.chunks], kafka=self.kafka, prefix=self.prefix)

    def results(self) -> list[ChunkExtracted]:
        events = read_events(self.kafka, self.prefix, CHUNK_RESULTS)
        return [event for event in events if isinstance(event, ChunkExtracted)]

    def committed(self) -> dict[int, int]:
        return asyncio.run(self._committed())

    async def _committed(self) -> dict[int, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(f"{self.prefix}extractor")
        finally:
            await admin.close()
        return {part.partition: at.offset for part, at in offsets.items() if at.offset > 0}

    def chunk_records(self) -> list[tuple[int, int, str, int]]:
        """(partition, offset, job, index) of every chunk message."""
        found = []
        for record in asyncio.run(read_records(self.kafka, self.prefix, CHUNKS)):
            headers = dict(record.headers)
            found.append((record.partition, record.offset, headers["job"].decode(), int(headers["index"])))
        return found


@pytest.fixture
def broker(stack: Stack) -> Broker:
    return Broker(stack)


def indices(results: list[ChunkExtracted], book: SeededBook) -> set[int]:
    return {result.index for result in results if result.job == book.job}


def test_every_chunk_becomes_a_checkpoint_and_a_result_and_its_offset_is_committed(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    book = a_book(40)
    broker.publish(book)
    stack.add("extractor")
    stack.start()
    wait_until(lambda: len(indices(broker.results(), book)) == 40)
    assert {result.outcome for result in broker.results()} == {"ok"}
    ends = {part: offset + 1 for part, offset, _, _ in sorted(broker.chunk_records())}
    wait_until(lambda: broker.committed() == ends, seconds=5)
    assert gemini.stats().paid == 40
    assert gemini.stats().peak_in_flight <= 8


def test_a_killed_replica_loses_nothing_and_no_commit_passes_an_unfinished_chunk(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=0.4))
    book = a_book(160)
    for replica in range(2):
        stack.add("extractor", replica)
    stack.start()
    broker.publish(book)
    records = broker.chunk_records()
    folder = stack.folder / "objects"

    def unfinished_below_the_commit() -> list[tuple[int, int]]:
        committed = broker.committed()
        below = [(part, at, job, index) for part, at, job, index in records if at < committed.get(part, 0)]
        return [
            (part, at)
            for part, at, _, index in below
            if not (folder / ids.checkpoint_key(TENANT, book.job, index)).exists()
        ]

    wait_until(lambda: len(broker.results()) > 30)
    assert unfinished_below_the_commit() == []
    stack["extractor-1"].kill()
    done = False
    while not done:
        assert unfinished_below_the_commit() == []
        done = len(indices(broker.results(), book)) == 160
        time.sleep(0.2)
    assert gemini.stats().paid <= 160 + 8, "what flew at the kill may be paid twice, no more"
    ends = {part: offset + 1 for part, offset, _, _ in sorted(records)}
    wait_until(lambda: broker.committed() == ends, seconds=10)


def test_a_cancel_aborts_the_calls_in_flight_and_starts_no_more(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=30))
    book, other = a_book(30), a_book(1)
    stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 8)
    submit([CancelJob(job=book.job, tenant=TENANT)], kafka=broker.kafka, prefix=broker.prefix)
    wait_until(lambda: gemini.stats().in_flight == 0, seconds=2)
    gemini.follow(Plan())
    broker.publish(other)
    wait_until(lambda: len(indices(broker.results(), other)) == 1)
    assert indices(broker.results(), book) == set()
    assert gemini.stats().paid == 1
    ends = {part: offset + 1 for part, offset, _, _ in sorted(broker.chunk_records())}
    wait_until(lambda: broker.committed() == ends, seconds=5)


def test_sigterm_finishes_what_flies_and_nothing_is_paid_twice(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=1.5))
    book = a_book(24)
    first = stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 8)
    assert first.stop() == 0
    second = stack.add("extractor", 1)
    second.start()
    wait_until(lambda: len(indices(broker.results(), book)) == 24)
    stats = gemini.stats()
    assert (stats.paid, stats.paid_again, stats.aborted) == (24, 0, 0)


def test_a_chunk_of_an_engine_that_is_not_configured_fails_with_that_code(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    book = a_book(3, engine=Engine.OPENAI)
    stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: len(broker.results()) == 3)
    assert {result.code for result in broker.results()} == {"engine_not_configured"}
    assert gemini.stats().calls == 0
