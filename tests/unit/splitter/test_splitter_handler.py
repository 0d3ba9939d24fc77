"""The handler on a store in memory, with real PDFs read in this process."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint, ChunkKind, Manifest, SourceSentence, Usage
from feuilleton.contracts.errors import BrokerUnavailableError, PoisonMessageError, StoreUnavailableError
from feuilleton.contracts.events import (
    CancelJob,
    ChunkSubmitted,
    DeleteJob,
    EventData,
    ExpireJob,
    JobEnded,
    JobSplit,
    JobSplitting,
    Origin,
    Outcome,
    Received,
    UploadSubmitted,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.processes.pool import WorkerDiedError
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from splitter.book import BookSplitter
from splitter.handler import UploadMessages
from splitter.pages import ReadLimits
from splitter.pdf_workers import PdfWorkers, StepSeconds
from tests.builders import a_pdf
from tests.unit.splitter.pools import DyingPool, InlinePool

JOB = JobId("11111111-2222-4333-8444-555555555555")
TENANT = TenantId("default")
TRACE = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


class World:
    """A splitter with everything around it in memory."""

    def __init__(self, folder: Path, pool: InlinePool | None = None) -> None:
        self.store: ObjectStore = open_store("memory:///")
        self.publisher = MemoryPublisher()
        self.commands = Commands()
        self.pool = pool or InlinePool()
        self.folder = folder

    def handler(self, limit_seconds: float = 60.0) -> UploadMessages:
        workers = PdfWorkers(self.pool, ReadLimits(), StepSeconds())
        books = BookSplitter(self.store, workers, limit_seconds=limit_seconds, work_folder=self.folder)
        return UploadMessages(self.store, self.publisher, self.commands, books)

    async def upload(self, body: bytes) -> None:
        await self.store.put(ids.upload_key(TENANT, JOB), body)

    async def handle(self, attempt: int = 1, **settings: str) -> None:
        await self.handler().handle(received(attempt, **settings))

    async def manifest(self) -> Manifest:
        return Manifest.model_validate_json(await self.store.get(ids.manifest_key(TENANT, JOB)))

    def left_files(self) -> list[Path]:
        return list(self.folder.iterdir())

    def end(self) -> JobEnded:
        (end,) = self.publisher.of(JobEnded)
        return end


def received(attempt: int = 1, **settings: object) -> Received:
    order = UploadSubmitted(
        job=JOB,
        tenant=TENANT,
        attempt=attempt,
        settings=JobSettings.model_validate(settings),
        engine=Engine.LOCAL,
        model="local",
        bytes=1,
        sha256="0" * 64,
        pages=3,
        share=2,
    )
    return Received(order, order.event_id, None, TRACE)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_book_becomes_a_stored_manifest_its_chunks_and_one_split(world: World) -> None:
    await world.upload(a_pdf(pages=3))
    await world.handle()
    manifest = await world.manifest()
    source = await world.store.get(ids.source_key(TENANT, JOB))
    assert hashlib.sha256(source).hexdigest() == manifest.source_sha256
    lines = [SourceSentence.model_validate_json(line) for line in source.splitlines()]
    chunks = world.publisher.of(ChunkSubmitted)
    assert [chunk.index for chunk in chunks] == [chunk.index for chunk in manifest.chunks]
    assert [sentence for chunk in chunks for sentence in chunk.sentences] == lines
    assert {chunk.total for chunk in chunks} == {len(manifest.chunks)}
    for chunk in manifest.chunks:
        held = source[chunk.source_start : chunk.source_end].splitlines()
        assert [SourceSentence.model_validate_json(line) for line in held] == list(chunks[chunk.index].sentences)
    (split,) = world.publisher.of(JobSplit)
    assert (split.pages, split.chunks, split.source_sentences) == (3, len(chunks), len(lines))


async def test_the_split_is_said_last_and_the_splitting_first(world: World) -> None:
    await world.upload(a_pdf())
    await world.handle()
    assert world.publisher.messages[0].topic == "job-events"
    assert len(world.publisher.of(JobSplitting)) == 1
    assert b"job.split." in world.publisher.messages[-1].value
    assert all(TRACE[3:35].encode() in dict(message.headers)["traceparent"] for message in world.publisher.messages)


async def test_a_redelivery_publishes_the_same_and_reads_no_pdf_again(world: World) -> None:
    await world.upload(a_pdf(pages=2))
    await world.handle()
    first = [(m.topic, m.key, dict(m.headers)["job"]) for m in world.publisher.messages]
    chunks = world.publisher.of(ChunkSubmitted)
    steps = list(world.pool.calls)
    world.publisher.messages.clear()
    await world.store.delete(ids.upload_key(TENANT, JOB))
    await world.handle()
    assert [(m.topic, m.key, dict(m.headers)["job"]) for m in world.publisher.messages] == first
    assert world.publisher.of(ChunkSubmitted) == chunks
    assert world.pool.calls == steps


async def test_a_new_attempt_publishes_the_stored_chunks_under_its_own_number(world: World) -> None:
    await world.upload(a_pdf(pages=2))
    await world.handle()
    hashes = [chunk.text_hash for chunk in world.publisher.of(ChunkSubmitted)]
    world.publisher.messages.clear()
    await world.handle(attempt=2)
    again = world.publisher.of(ChunkSubmitted)
    assert [chunk.text_hash for chunk in again] == hashes
    assert {(chunk.attempt, chunk.share) for chunk in again} == {(2, 2)}


async def test_the_loser_of_a_race_for_the_manifest_publishes_the_winners(world: World) -> None:
    await world.upload(a_pdf(pages=2))
    await world.handle()
    theirs = (await world.manifest()).model_copy(update={"version": "theirs"})
    world.publisher.messages.clear()
    handler = world.handler()
    await world.store.delete(ids.manifest_key(TENANT, JOB))
    world.store = _LateWinner(world.store, theirs)  # type: ignore[assignment]
    handler = world.handler()
    await handler.handle(received())
    assert (await world.manifest()).version == "theirs"
    assert len(world.publisher.of(ChunkSubmitted)) == len(theirs.chunks)


async def test_sentences_stored_by_a_process_that_died_are_kept(world: World) -> None:
    await world.upload(a_pdf(pages=2, text="Un texte tout neuf."))
    older = SourceSentence(id=ids.SentenceId("s000001"), text="Un texte plus ancien.", page=1)
    await world.store.put(ids.source_key(TENANT, JOB), older.to_bytes() + b"\n")
    await world.handle()
    assert [one.text for chunk in world.publisher.of(ChunkSubmitted) for one in chunk.sentences] == [older.text]
    assert (await world.manifest()).source_sentences == 1


async def test_a_page_without_text_becomes_a_chunk_that_names_its_cut_page(world: World) -> None:
    await world.upload(a_pdf(pages=2, text="\\351\\377\\001" * 60))
    await world.handle()
    chunks = world.publisher.of(ChunkSubmitted)
    assert [(chunk.chunk_kind, chunk.pages) for chunk in chunks] == [(ChunkKind.PAGE, (1,)), (ChunkKind.PAGE, (2,))]
    assert all(chunk.sentences == () for chunk in chunks)
    for chunk in chunks:
        assert chunk.page_key == ids.page_key(TENANT, JOB, chunk.pages[0])
        assert (await world.store.get(chunk.page_key)).startswith(b"%PDF")


async def test_the_text_before_a_chunk_travels_as_context(world: World) -> None:
    await world.upload(a_pdf(pages=400, text="Il marche vers la grande ville endormie sous la pluie."))
    await world.handle()
    first, second, *_ = world.publisher.of(ChunkSubmitted)
    assert first.before == ""
    assert second.before == first.sentences[-1].text


async def test_only_sentences_that_begin_on_wanted_pages_are_taken(world: World) -> None:
    await world.upload(a_pdf(pages=6, text="Il marche. Elle dort."))
    await world.handle(pages="2-3")
    pages = {one.page for chunk in world.publisher.of(ChunkSubmitted) for one in chunk.sentences}
    assert pages == {2, 3}
    assert (await world.manifest()).pages == 6


@pytest.mark.parametrize(
    ("body", "settings", "code"),
    [
        (b"%PDF-1.4 broken", {}, "damaged"),
        (a_pdf(password="secret"), {}, "encrypted"),
        (a_pdf(text=""), {}, "no_text"),
        (a_pdf(), {"pages": "7-"}, "pages_out_of_range"),
    ],
)
async def test_a_book_that_gives_nothing_ends_here_with_a_code(
    world: World, body: bytes, settings: dict[str, str], code: str
) -> None:
    await world.upload(body)
    await world.handle(1, **settings)
    assert (world.end().outcome, world.end().code) == (Outcome.FAILED, code)
    assert world.publisher.of(ChunkSubmitted) == []
    assert world.publisher.of(JobSplit) == []


async def test_a_book_without_text_ends_the_same_way_when_it_comes_again(world: World) -> None:
    await world.upload(a_pdf(text=""))
    await world.handle()
    await world.handle()
    assert [end.code for end in world.publisher.of(JobEnded)] == ["no_text", "no_text"]
    assert (await world.manifest()).fault == "no_text"


async def test_a_book_that_kills_its_readers_ends_after_three_tries(tmp_path: Path) -> None:
    world = World(tmp_path, DyingPool(lambda _name, _args: WorkerDiedError()))
    await world.upload(a_pdf())
    await world.handle()
    assert world.end().code == "damaged"
    assert len(world.pool.calls) == 3


async def test_a_book_over_its_time_ends_as_too_slow(world: World) -> None:
    await world.upload(a_pdf())
    await world.handler(limit_seconds=0.0).handle(received())
    assert world.end().code == "too_slow"


COMMANDS: list[tuple[type[EventData], Outcome, str]] = [
    (CancelJob, Outcome.CANCELLED, "cancelled"),
    (DeleteJob, Outcome.CANCELLED, "deleted"),
    (ExpireJob, Outcome.FAILED, "expired"),
]


@pytest.mark.parametrize(("command", "outcome", "code"), COMMANDS)
async def test_a_command_before_the_book_ends_the_attempt_and_nothing_is_read(
    world: World, command: type[EventData], outcome: Outcome, code: str
) -> None:
    await world.upload(a_pdf())
    world.commands.add(command(job=JOB, tenant=TENANT), 0.0)
    await world.handle()
    assert (world.end().outcome, world.end().code) == (outcome, code)
    assert world.pool.calls == []
    assert world.publisher.of(JobSplitting) == []


@pytest.mark.parametrize("step", ["open_pdf", "read_pages", "read_book"])
async def test_a_cancel_while_the_book_is_read_publishes_no_chunk(tmp_path: Path, step: str) -> None:
    commands: list[Commands] = []

    def cancel(name: str, _args: tuple[object, ...]) -> None:
        if name == step:
            commands[0].add(CancelJob(job=JOB, tenant=TENANT), 0.0)

    world = World(tmp_path, DyingPool(cancel))
    commands.append(world.commands)
    await world.upload(a_pdf())
    await world.handle()
    assert world.end().outcome is Outcome.CANCELLED
    assert world.publisher.of(ChunkSubmitted) == []


async def test_a_cancel_of_one_attempt_leaves_the_next(world: World) -> None:
    await world.upload(a_pdf())
    world.commands.add(CancelJob(job=JOB, tenant=TENANT, attempt=1), 0.0)
    await world.handle(attempt=2)
    assert world.publisher.of(JobEnded) == []
    assert world.publisher.of(JobSplit)


async def test_an_end_tells_what_earlier_attempts_have_cost(world: World) -> None:
    checkpoint = Checkpoint(
        job=JOB,
        index=0,
        text_hash="h",
        attempt=1,
        engine=Engine.GEMINI,
        model="m",
        cards=(),
        dropped=(),
        usage=Usage(billed_tokens=70),
    )
    await world.store.put(ids.checkpoint_key(TENANT, JOB, 0), checkpoint.to_bytes())
    await world.store.put(ids.checkpoint_key(TENANT, JOB, 1), checkpoint.to_bytes())
    await world.handler().replace(Origin(JOB, TENANT, 2, None), "poison_message", TRACE)
    assert (world.end().outcome, world.end().code, world.end().attempt) == (Outcome.FAILED, "poison_message", 2)
    assert world.end().billed_tokens == 140


async def test_what_is_away_is_not_the_books_fault(world: World) -> None:
    await world.upload(a_pdf())
    world.publisher.fail_with = BrokerUnavailableError()
    with pytest.raises(BrokerUnavailableError):
        await world.handle()
    world.publisher.fail_with = None
    await world.handle()
    assert world.publisher.of(JobSplit)


async def test_a_store_that_is_away_is_tried_again_by_the_runner(world: World) -> None:
    world.store = _Away(world.store)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailableError):
        await world.handle()
    assert world.publisher.of(JobEnded) == []


async def test_another_type_is_poison(world: World) -> None:
    other = JobSplitting(job=JOB, tenant=TENANT)
    with pytest.raises(PoisonMessageError):
        await world.handler().handle(Received(other, "id", None, TRACE))  # type: ignore[arg-type]


async def test_no_file_is_left_behind(world: World) -> None:
    await world.upload(a_pdf())
    await world.handle()
    await world.upload(b"broken")
    await world.store.delete(ids.manifest_key(TENANT, JOB))
    await world.handle()
    assert world.left_files() == []


class _Wrapped:
    """A store whose other methods are those of another."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._store, name)
        return method


class _Away(_Wrapped):
    async def find(self, key: str) -> bytes | None:
        raise StoreUnavailableError(key)


class _LateWinner(_Wrapped):
    """Another process writes its manifest between our look and our write."""

    def __init__(self, store: ObjectStore, manifest: Manifest) -> None:
        super().__init__(store)
        self._manifest = manifest

    async def create(self, key: str, body: bytes) -> bool:
        if key == ids.manifest_key(TENANT, JOB):
            await self._store.put(key, self._manifest.to_bytes())
        return await self._store.create(key, body)
