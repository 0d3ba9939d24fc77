"""Chunks, checkpoints and a scripted extraction for the extractor's unit tests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from extractor.call_limits import FixedLimit
from extractor.engines.port import PageAnswer, PageRequest, RewriteAnswer, RewriteEngine, RewriteRequest
from extractor.gate import GatedEngine, Guard
from extractor.handler import ChunkHandler, Tools
from extractor.patience import RetryPolicy
from extractor.tries import Clock, Extraction
from feuilleton.contracts import ids
from feuilleton.contracts.documents import (
    CardDraft,
    CardMethod,
    Checkpoint,
    ChunkKind,
    Manifest,
    ManifestChunk,
    SourceSentence,
    Usage,
)
from feuilleton.contracts.events import ChunkSubmitted, to_message
from feuilleton.contracts.ids import JobId, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.memory import MemoryPublisher

TENANT = TenantId("tenant-1")
JOB = JobId("6ed7a1f0-0000-4000-8000-000000000001")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def a_chunk(index: int = 0, **changes: object) -> ChunkSubmitted:
    sentence = SourceSentence(id=SentenceId(f"s{index}"), text=f"Phrase {index}.", page=index + 1)
    chunk = ChunkSubmitted(
        job=JOB,
        tenant=TENANT,
        index=index,
        total=10,
        chunk_kind=ChunkKind.TEXT,
        text_hash=ids.text_hash(sentence.text),
        settings=JobSettings(),
        engine=Engine.LOCAL,
        model="",
        pages=(index + 1,),
        sentences=(sentence,),
    )
    return chunk.model_copy(update=changes)


def a_checkpoint(chunk: ChunkSubmitted, **changes: object) -> Checkpoint:
    cards = tuple(
        CardDraft(source_id=sentence.id, text=sentence.text, method=CardMethod.VERBATIM) for sentence in chunk.sentences
    )
    checkpoint = Checkpoint(
        job=chunk.job,
        index=chunk.index,
        text_hash=chunk.text_hash,
        attempt=chunk.attempt,
        engine=chunk.engine,
        model=chunk.model,
        cards=cards,
        dropped=(),
        usage=Usage(prompt_tokens=30, output_tokens=10, billed_tokens=40, calls=1),
    )
    return checkpoint.model_copy(update=changes)


def a_manifest(chunks: Sequence[ChunkSubmitted]) -> Manifest:
    return Manifest(
        job=JOB,
        tenant=TENANT,
        source_sha256="0" * 64,
        pages=len(chunks),
        chapters=(),
        source_sentences=len(chunks),
        words=2 * len(chunks),
        chunks=tuple(
            ManifestChunk(index=c.index, kind=c.chunk_kind, text_hash=c.text_hash, pages=c.pages, sentences=1)
            for c in chunks
        ),
        version="test",
    )


@dataclass(frozen=True)
class ARecord:
    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    topic: str = "chunks"
    partition: int = 0
    key: bytes | None = None


def a_record(offset: int, chunk: ChunkSubmitted, *, partition: int = 0) -> ARecord:
    message = to_message(chunk, source="test", traceparent=TRACE)
    return ARecord(offset, message.value, message.headers, partition=partition, key=message.key)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come; on a busy machine it takes its time."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


class OpenGuard:
    """A guard that lets every call start."""

    def check(self) -> None:
        return

    async def fresh(self) -> None:
        return


class IdleEngine:
    """An engine that the scripted extractions never call."""

    name = Engine.LOCAL
    prompt_version = "test"

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        raise NotImplementedError

    async def read_page(self, request: PageRequest) -> PageAnswer:
        raise NotImplementedError

    def other_model(self, model: str) -> str | None:  # noqa: ARG002  (the port's shape)
        return None

    async def close(self) -> None:
        return


class OneCall:
    """An extraction of one call, of the chunk's second sentence: nothing of the answer is read or checked."""

    def __init__(self, chunk: ChunkSubmitted, engine: RewriteEngine) -> None:
        wanted = tuple(sentence.id for sentence in chunk.sentences[1:2])
        self._request = RewriteRequest(chunk.sentences, wanted, chunk.before, chunk.settings, chunk.model)
        self._chunk = chunk
        self._engine = engine
        self.usage = Usage()

    async def run(self) -> Checkpoint:
        await self._engine.rewrite(self._request)
        return a_checkpoint(self._chunk)


@dataclass
class ManualTime:
    """A clock that moves only by sleeping."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def clock(self) -> Clock:
        return Clock(self.now, self.sleep, Random(7))


@dataclass
class Script:
    """What the extractions do, run after run: an error to raise, or to hold until `go`. After the script: success."""

    steps: list[BaseException] = field(default_factory=list)
    hold: bool = False
    go: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[int] = field(default_factory=list)
    aborted: list[int] = field(default_factory=list)
    pages: list[bytes | None] = field(default_factory=list)

    def start(self, chunk: ChunkSubmitted, _engine: RewriteEngine, page_pdf: bytes | None) -> Extraction:
        self.pages.append(page_pdf)
        return _Scripted(self, chunk)


@dataclass
class _Scripted:
    script: Script
    chunk: ChunkSubmitted
    usage: Usage = Usage(prompt_tokens=3, calls=1)  # noqa: RUF009 - frozen

    async def run(self) -> Checkpoint:
        self.script.runs.append(self.chunk.index)
        try:
            if self.script.hold:
                await self.script.go.wait()
        except asyncio.CancelledError:
            self.script.aborted.append(self.chunk.index)
            raise
        if self.script.steps:
            raise self.script.steps.pop(0)
        return a_checkpoint(self.chunk)


@dataclass
class Bench:
    """A handler on memory adapters, with what a test wants to look at."""

    script: Script = field(default_factory=Script)
    store: ObjectStore = field(default_factory=lambda: open_store("memory:///"))
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    time: ManualTime = field(default_factory=ManualTime)
    guard: Guard = field(default_factory=OpenGuard)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    engines: dict[Engine, RewriteEngine] = field(default_factory=lambda: {Engine.LOCAL: IdleEngine()})

    def handler(self) -> ChunkHandler:
        return ChunkHandler(
            Tools(
                store=self.store,
                publisher=self.publisher,
                engines={name: GatedEngine(one, FixedLimit(1000), self.guard) for name, one in self.engines.items()},
                start_extraction=self.script.start,
                policy=self.policy,
                clock=self.time.clock(),
            )
        )
