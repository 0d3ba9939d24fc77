"""kill -9 of the merger after each thing that it puts, publishes and commits: the attempt ends once, as undisturbed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import (
    CancelJob,
    ChunkExtracted,
    ChunkFinished,
    DeleteJob,
    ExpireJob,
    JobDeleted,
    JobEnded,
    Outcome,
)
from feuilleton.contracts.topics import CHUNK_RESULTS, JOB_CONTROL
from feuilleton.storage.objects import open_store
from tests.faults.failpoints.broker import Broker, until
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.seeded_books import TENANT, SeededBook, a_book, seed, settle
from tests.stack import Stack, environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
CHUNKS = 3
PUBLISH, PUT, DELETE, OFFSETS = Operation.PUBLISH, Operation.PUT, Operation.DELETE, Operation.OFFSETS


@dataclass(frozen=True)
class Desk:
    """A merger in a trap, and what extractors leave for it."""

    broker: Broker
    merger: Trapped
    objects: Path

    def split(self) -> SeededBook:
        book = a_book(CHUNKS)
        seed(book, object_store_url=self.objects.as_uri())
        return book

    def extract(self, book: SeededBook, chunks: slice = slice(None)) -> None:
        self.broker.publish(*[self.settle(book, chunk) for chunk in range(CHUNKS)[chunks]])

    def settle(self, book: SeededBook, index: int) -> ChunkExtracted:
        return asyncio.run(settle(open_store(self.objects.as_uri()), book.chunks[index]))

    def ends(self, book: SeededBook) -> list[JobEnded]:
        return self.broker.events(book.job, JobEnded)

    def cards(self, book: SeededBook) -> bytes:
        """Of the one result that every end of the attempt names."""
        (folder,) = {end.result for end in self.ends(book)}
        assert folder is not None
        return (self.objects / ids.cards_key(folder)).read_bytes()

    def files(self, book: SeededBook) -> list[str]:
        return [path.name for path in self.objects.rglob("*") if path.is_file() and book.job in path.parts]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("merger")
    broker, objects = Broker(kafka, kafka_topics), folder / "objects"
    env = environment(kafka=kafka, prefix=kafka_topics, database_url="", object_store_url=objects.as_uri())
    stack = Stack(folder, env)
    merger = Trapped.add(stack, "merger", broker, "merger", [CHUNK_RESULTS, JOB_CONTROL])
    with stack:
        yield Desk(broker, merger, objects)


@pytest.fixture(scope="module")
def undisturbed(desk: Desk) -> bytes:
    book = desk.split()
    desk.extract(book)
    until(lambda: bool(desk.ends(book)), "an end")
    return desk.cards(book)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(PUT, r"cards\.jsonl"), Point(PUBLISH, r"job-events .*job\.ended")),
        *slow(
            Point(PUBLISH, r"job-events .*chunk\.finished"),
            Point(PUBLISH, r"job-events .*chunk\.finished", nth=CHUNKS),
            Point(PUBLISH, r"job-events .*job\.merging"),
            Point(PUT, r"report\.json"),
            Point(OFFSETS, "chunk-results"),
        ),
    ],
)
def test_killed_on_the_way_to_the_end_it_ends_the_job_with_the_same_cards(
    desk: Desk, undisturbed: bytes, point: Point
) -> None:
    book = desk.split()
    desk.merger.die_at(point, lambda: desk.extract(book))
    desk.merger.revive()
    check_completed(desk, book, undisturbed)


@pytest.mark.slow
def test_killed_once_it_has_said_what_another_process_had_counted_it_ends_the_job_with_the_same_cards(
    desk: Desk, undisturbed: bytes
) -> None:
    book = desk.split()
    desk.merger.die_at(Point(OFFSETS, "chunk-results"), lambda: desk.extract(book, slice(0, 1)))
    desk.merger.revive()
    rest = Point(PUBLISH, r"job-events .*chunk\.finished", nth=2)  # the first is that of the message in hand
    desk.settle(book, 1)  # its message is lost: the store alone knows of it
    desk.merger.die_at(rest, lambda: desk.extract(book, slice(2, None)))
    desk.merger.revive()
    check_completed(desk, book, undisturbed)


def check_completed(desk: Desk, book: SeededBook, undisturbed: bytes) -> None:
    ends = desk.ends(book)
    assert {end.outcome for end in ends} == {Outcome.COMPLETED}
    assert len({end.model_dump_json() for end in ends}) == 1
    assert desk.cards(book) == undisturbed
    assert {event.index for event in desk.broker.events(book.job, ChunkFinished)} == set(range(CHUNKS))


@pytest.mark.parametrize(
    "point",
    slow(Point(PUBLISH, r"job-events .*job\.ended"), Point(OFFSETS, "job-control")),
)
@pytest.mark.parametrize(
    ("command", "outcome", "code"),
    [(CancelJob, Outcome.CANCELLED, None), (ExpireJob, Outcome.FAILED, "expired")],
)
def test_killed_at_a_command_it_ends_the_attempt_so_once(
    desk: Desk, point: Point, command: type[CancelJob | ExpireJob], outcome: Outcome, code: str | None
) -> None:
    book = desk.split()
    desk.extract(book, slice(0, 2))
    until(lambda: len(desk.broker.events(book.job, ChunkFinished)) == 2, "two chunks")
    desk.merger.until_idle()
    desk.merger.die_at(point, lambda: desk.broker.publish(command(job=book.job, tenant=TENANT)))
    desk.merger.revive()
    desk.extract(book, slice(2, None))
    desk.merger.until_idle()
    ends = desk.ends(book)
    assert {(end.outcome, end.code, end.billed_tokens) for end in ends} == {(outcome, code, 200)}
    assert len(desk.broker.events(book.job, ChunkFinished)) == 2


@pytest.mark.parametrize(
    "point",
    slow(
        Point(PUBLISH, r"job-events .*job\.ended"),
        Point(DELETE, "checkpoints", nth=2),
        Point(PUBLISH, r"job-events .*job\.deleted"),
        Point(OFFSETS, "job-control"),
    ),
)
def test_killed_while_it_deletes_it_leaves_nothing(desk: Desk, point: Point) -> None:
    book = desk.split()
    desk.extract(book, slice(0, 2))
    desk.merger.until_idle()
    desk.merger.die_at(point, lambda: desk.broker.publish(DeleteJob(job=book.job, tenant=TENANT)))
    desk.merger.revive()
    assert desk.files(book) == []
    assert desk.broker.events(book.job, JobDeleted)
    assert {end.outcome for end in desk.ends(book)} == {Outcome.CANCELLED}


@pytest.mark.parametrize(
    "point",
    slow(
        Point(PUBLISH, r"job-events .*job\.ended"),
        Point(PUBLISH, "dead-letters"),
        Point(OFFSETS, "chunk-results"),
    ),
)
def test_killed_at_a_message_that_cannot_be_read_it_ends_the_job_with_the_same_cards(
    desk: Desk, undisturbed: bytes, point: Point
) -> None:
    book = desk.split()
    desk.extract(book, slice(0, 2))
    desk.merger.until_idle()
    desk.settle(book, 2)
    desk.merger.die_at(point, lambda: desk.broker.publish_poison(CHUNK_RESULTS, book.job, 2))
    desk.merger.revive()
    check_completed(desk, book, undisturbed)
    assert desk.broker.letters(book.job) >= 1
