"""kill -9 of the extractor after each thing that it puts, publishes and commits: every chunk is settled as undisturbed,
and what is paid twice is what was in flight at the kill.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from feuilleton.contracts.events import ChunkExtracted, ChunkOutcome, JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS
from tests.fakes.models.background import model_process
from tests.faults.failpoints.broker import Broker, cards_of, until
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.seeded_books import SeededBook, a_book, seed
from tests.stack import Stack, environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
PUBLISH, PUT, OFFSETS = Operation.PUBLISH, Operation.PUT, Operation.OFFSETS
CHUNKS_OF_BOOK = 4


@dataclass(frozen=True)
class Desk:
    """An extractor in a trap, one call at a time; books as the splitter leaves them, and a merger to end their jobs."""

    broker: Broker
    extractor: Trapped
    objects: Path
    gemini: str

    def submit(self, book: SeededBook) -> None:
        seed(book, object_store_url=self.objects.as_uri())
        self.broker.publish(*book.chunks)

    def cards(self, job: JobId) -> bytes:
        return cards_of(self.broker.end(job), self.objects)

    def paid(self) -> int:
        return int(httpx.get(f"{self.gemini}/stats").json()["paid"])

    def plan(self, **plan: object) -> None:
        httpx.put(f"{self.gemini}/plan", json=plan).raise_for_status()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("extractor")
    broker, objects = Broker(kafka, kafka_topics), folder / "objects"
    with model_process("gemini", folder) as gemini:
        env = environment(
            kafka=kafka,
            prefix=kafka_topics,
            database_url="",
            object_store_url=objects.as_uri(),
            LOCAL_WORKERS="0",
            GEMINI_API_KEY="fake",
            GEMINI_BASE_URL=gemini,
            GEMINI_CALLS="1",
        )
        stack = Stack(folder, env)
        extractor = Trapped.add(stack, "extractor", broker, "extractor", [CHUNKS])
        stack.add("merger")
        with stack:
            yield Desk(broker, extractor, objects, gemini)


@pytest.fixture(scope="module")
def undisturbed(desk: Desk) -> bytes:
    book = a_book(CHUNKS_OF_BOOK)
    desk.submit(book)
    return desk.cards(book.job)


@pytest.fixture(autouse=True)
def obedient_model(desk: Desk) -> None:
    desk.plan()


ANSWERED = Point(PUT, "checkpoints", nth=2, before=True)


@pytest.mark.parametrize(
    "point",
    [
        *quick(ANSWERED, Point(PUT, "checkpoints", nth=2)),
        *slow(
            Point(PUT, "checkpoints"),
            Point(PUT, "checkpoints", nth=CHUNKS_OF_BOOK),
            Point(PUBLISH, "^chunk-results "),
            Point(PUBLISH, "^chunk-results ", nth=CHUNKS_OF_BOOK),
            Point(OFFSETS, "chunks"),
        ),
    ],
)
def test_killed_on_the_way_to_its_results_it_gives_the_same_cards_and_pays_again_for_the_call_in_flight_alone(
    desk: Desk, undisturbed: bytes, point: Point
) -> None:
    paid, book = desk.paid(), a_book(CHUNKS_OF_BOOK)
    desk.extractor.die_at(point, lambda: desk.submit(book))
    desk.extractor.revive()
    assert desk.cards(book.job) == undisturbed
    results = desk.broker.events(book.job, ChunkExtracted, CHUNK_RESULTS)
    assert {result.index for result in results} == set(range(CHUNKS_OF_BOOK))
    assert len(set(desk.broker.event_ids(book.job, CHUNK_RESULTS))) == CHUNKS_OF_BOOK
    again = desk.paid() - paid - CHUNKS_OF_BOOK
    if point == ANSWERED:
        assert again == 1
    else:  # ahead of the last chunk's end the next call may just have been answered
        assert again in ((0,) if point.nth == CHUNKS_OF_BOOK else (0, 1))


@pytest.mark.parametrize(
    "point", slow(Point(PUT, "failures"), Point(PUBLISH, "^chunk-results "), Point(OFFSETS, "chunks"))
)
def test_killed_as_it_gives_a_chunk_up_it_says_so_once(desk: Desk, point: Point) -> None:
    desk.plan(refusals=[{"text": "capitaine", "fault": "bad_request"}])
    book = a_book(1)
    desk.extractor.die_at(point, lambda: desk.submit(book))
    desk.plan()  # the model would do it now: the failure that is written down stands
    desk.extractor.revive()
    results = desk.broker.events(book.job, ChunkExtracted, CHUNK_RESULTS)
    assert len({result.model_dump_json() for result in results}) == 1
    assert results[0].outcome is ChunkOutcome.FAILED
    until(lambda: bool(desk.broker.events(book.job, JobEnded)), "an end")
    assert {end.outcome for end in desk.broker.events(book.job, JobEnded)} == {Outcome.FAILED}


@pytest.mark.parametrize(
    "point",
    slow(
        Point(PUT, "failures"),
        Point(PUBLISH, "^chunk-results "),
        Point(PUBLISH, "^dead-letters"),
        Point(OFFSETS, "chunks"),
    ),
)
def test_killed_at_a_message_that_cannot_be_read_it_fails_that_chunk_alone(desk: Desk, point: Point) -> None:
    book = a_book(1)
    seed(book, object_store_url=desk.objects.as_uri())
    desk.extractor.die_at(point, lambda: desk.broker.publish_poison(CHUNKS, book.job, 0))
    desk.extractor.revive()
    results = desk.broker.events(book.job, ChunkExtracted, CHUNK_RESULTS)
    assert {(result.index, result.code) for result in results} == {(0, "poison_message")}
    assert desk.broker.letters(book.job) >= 1
    until(lambda: bool(desk.broker.events(book.job, JobEnded)), "an end")


@pytest.mark.slow
def test_killed_once_it_has_told_what_it_leaves_at_work_the_next_one_does_it(desk: Desk, undisturbed: bytes) -> None:
    """SIGTERM with a call in the air: the group hears of it with the last commit, and then the process is no more."""
    desk.plan(latency_seconds=2.0)
    desk.extractor.service.stop()
    desk.extractor.service.env["DRAIN_SECONDS"] = "4"
    desk.extractor.service.start()
    desk.extractor.until_idle()
    paid, book = desk.paid(), a_book(CHUNKS_OF_BOOK)
    desk.submit(book)
    until(lambda: desk.paid() > paid, "an answer")
    process = desk.extractor.service.process
    assert process is not None
    desk.extractor.die_at(Point(OFFSETS, r"chunks/\d+@\d+\{"), process.terminate)
    desk.plan()
    desk.extractor.revive()
    assert desk.cards(book.job) == undisturbed
    assert CHUNKS_OF_BOOK <= desk.paid() - paid <= CHUNKS_OF_BOOK + 1


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_killed_once_it_has_put_a_chunk_back_it_does_it_once(desk: Desk, undisturbed: bytes) -> None:
    """It holds up its partition for a minute, then goes to the tail; both copies may be delivered now."""
    desk.plan(refusals=[{"text": "numéro 2 du", "fault": "unavailable"}])
    paid, book = desk.paid(), a_book(CHUNKS_OF_BOOK * 20)
    point = Point(PUBLISH, f"^chunks .* {book.job}/1$")
    desk.extractor.lever.arm(point)
    desk.submit(book)
    until(lambda: desk.extractor.lever.reached, "a chunk at the tail", seconds=120)
    desk.extractor.until_dead(point)
    desk.plan()
    desk.extractor.revive()
    desk.cards(book.job)
    assert len(desk.broker.event_ids(book.job, CHUNKS)) == len(book.chunks) + 1
    assert desk.paid() - paid <= len(book.chunks) + 1
