"""kill -9 of the splitter after each thing that it puts, publishes and commits: the same chunks, and nothing is paid
twice for those that were published before.
"""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader, PdfWriter

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Manifest
from feuilleton.contracts.events import CancelJob, ChunkSubmitted, JobEnded, JobSplit, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.topics import CHUNKS, UPLOADS
from feuilleton.storage.objects import open_store
from tests.builders import a_pdf, an_order
from tests.faults.failpoints.broker import Broker, cards_of, until
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.scanned_books import photographed
from tests.seeded_books import TENANT
from tests.stack import Stack, environment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
PUBLISH, PUT, OFFSETS = Operation.PUBLISH, Operation.PUT, Operation.OFFSETS
_PAGES = 8  # of the sample: more than one chunk


@dataclass(frozen=True)
class Desk:
    """A splitter in a trap, uploads as ingest leaves them, and what comes after the splitter, undisturbed."""

    broker: Broker
    splitter: Trapped
    objects: Path
    gemini: str

    def upload(self, pdf: bytes, job: JobId | None = None) -> JobId:
        order = an_order(pdf, tenant=TENANT, job=job, engine=Engine.GEMINI, model="gemini-2.5-flash", pages=_PAGES + 1)
        asyncio.run(open_store(self.objects.as_uri()).put(ids.upload_key(TENANT, order.job), pdf))
        self.broker.publish(order)
        return order.job

    def cards(self, job: JobId) -> bytes:
        return cards_of(self.broker.end(job), self.objects)

    def paid(self) -> int:
        return int(httpx.get(f"{self.gemini}/stats").json()["paid"])


@dataclass(frozen=True)
class Undisturbed:
    cards: bytes
    paid: int


@pytest.fixture(scope="module")
def book(sample_pdf: Path) -> bytes:
    """Pages of text, then one that is an image."""
    writer, body = PdfWriter(), BytesIO()
    writer.append(PdfReader(sample_pdf), pages=(0, _PAGES))
    writer.append(BytesIO(photographed(sample_pdf, _PAGES)))
    writer.write(body)
    return body.getvalue()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, gemini: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("splitter")
    broker, objects = Broker(kafka, kafka_topics), folder / "objects"
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url="",
        object_store_url=objects.as_uri(),
        SPLITTER_WORKERS="1",
        LOCAL_WORKERS="0",
        GEMINI_API_KEY="fake",
        GEMINI_BASE_URL=gemini,
    )
    stack = Stack(folder, env)
    splitter = Trapped.add(stack, "splitter", broker, "splitter", [UPLOADS])
    stack.add("extractor")
    stack.add("merger")
    with stack:
        yield Desk(broker, splitter, objects, gemini)


@pytest.fixture(scope="module")
def undisturbed(desk: Desk, book: bytes) -> Undisturbed:
    before = desk.paid()
    cards = desk.cards(desk.upload(book))
    return Undisturbed(cards, desk.paid() - before)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(PUT, r"manifest\.json"), Point(PUBLISH, "^chunks ", nth=2)),
        *slow(
            Point(PUBLISH, r"job-events .*job\.splitting"),
            Point(PUT, r"pages/\d+\.pdf"),
            Point(PUT, r"source\.jsonl"),
            Point(PUBLISH, r"job-events .*job\.split\.", before=True),
            Point(PUBLISH, r"job-events .*job\.split\."),
            Point(OFFSETS, "uploads"),
        ),
    ],
)
def test_killed_on_the_way_to_its_chunks_it_publishes_the_same_ones_and_none_is_paid_twice(
    desk: Desk, book: bytes, undisturbed: Undisturbed, point: Point
) -> None:
    paid, job = desk.paid(), JobId(str(uuid.uuid4()))
    desk.splitter.die_at(point, lambda: desk.upload(book, job))
    desk.splitter.revive()
    assert desk.cards(job) == undisturbed.cards
    assert desk.paid() - paid == undisturbed.paid
    manifest = Manifest.model_validate_json((desk.objects / ids.manifest_key(TENANT, job)).read_bytes())
    chunks = desk.broker.events(job, ChunkSubmitted, CHUNKS)
    assert {(chunk.index, chunk.text_hash) for chunk in chunks} == {
        (chunk.index, chunk.text_hash) for chunk in manifest.chunks
    }
    assert len(set(desk.broker.event_ids(job, CHUNKS))) == len(manifest.chunks) > 1
    assert {split.chunks for split in desk.broker.events(job, JobSplit)} == {len(manifest.chunks)}


@pytest.mark.parametrize("point", slow(Point(PUBLISH, r"job-events .*job\.ended"), Point(OFFSETS, "uploads")))
@pytest.mark.parametrize(("text", "outcome", "code"), [("", Outcome.FAILED, "no_text")])
def test_killed_as_it_ends_what_cannot_be_split_it_ends_it_once(
    desk: Desk, point: Point, text: str, outcome: Outcome, code: str
) -> None:
    job = JobId(str(uuid.uuid4()))
    desk.splitter.die_at(point, lambda: desk.upload(a_pdf(text=text), job))
    desk.splitter.revive()
    end = desk.broker.end(job)
    assert (end.outcome, end.code, end.billed_tokens) == (outcome, code, 0)


@pytest.mark.slow
def test_killed_as_it_drops_a_cancelled_book_it_ends_it_as_cancelled(desk: Desk) -> None:
    job = JobId(str(uuid.uuid4()))
    desk.broker.publish(CancelJob(job=job, tenant=TENANT))
    until(lambda: bool(desk.broker.events(job, JobEnded)), "the merger's end")
    desk.splitter.die_at(Point(PUBLISH, r"job-events .*job\.ended"), lambda: desk.upload(a_pdf(), job))
    desk.splitter.revive()
    assert {end.outcome for end in desk.broker.events(job, JobEnded)} == {Outcome.CANCELLED}
    assert desk.broker.events(job, ChunkSubmitted, CHUNKS) == []


@pytest.mark.parametrize(
    "point",
    slow(Point(PUBLISH, r"job-events .*job\.ended"), Point(PUBLISH, "dead-letters"), Point(OFFSETS, "uploads")),
)
def test_killed_at_a_message_that_cannot_be_read_it_ends_its_attempt(desk: Desk, point: Point) -> None:
    job = JobId(str(uuid.uuid4()))
    desk.splitter.die_at(point, lambda: desk.broker.publish_poison(UPLOADS, job))
    desk.splitter.revive()
    assert (desk.broker.end(job).outcome, desk.broker.end(job).code) == (Outcome.FAILED, "poison_message")
    assert desk.broker.letters(job) >= 1
