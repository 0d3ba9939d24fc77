"""The local engine with the validators behind it, on sentences of a book: the cards that a job would show."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from extractor.engines.local.engine import LocalEngine, LocalOptions
from extractor.engines.port import RewriteEngine
from extractor.extraction import extract_chunk
from feuilleton.contracts.documents import Checkpoint, ChunkKind, SourceSentence
from feuilleton.contracts.events import ChunkSubmitted
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import JobSettings

WORKERS = 2
_PATIENT_SECONDS = 600.0  # the machine may be busy


@asynccontextmanager
async def local_engine() -> AsyncIterator[LocalEngine]:
    """Its models are loaded by the first call: often all cards are known from the run before."""
    engine = LocalEngine(LocalOptions(workers=WORKERS, timeout_seconds=_PATIENT_SECONDS))
    try:
        yield engine
    finally:
        await engine.close()


async def extract_all(
    engine: RewriteEngine, chunks: Sequence[Sequence[SourceSentence]], befores: Sequence[str], settings: JobSettings
) -> list[Checkpoint]:
    """A checkpoint for each chunk, in order; `befores` holds the sentence ahead of each, or an empty string."""
    events = [_event(chunk, before, settings) for chunk, before in zip(chunks, befores, strict=True)]
    waiting = asyncio.Semaphore(WORKERS + 1)

    async def extract(event: ChunkSubmitted) -> Checkpoint:
        async with waiting:
            return await extract_chunk(event, engine)

    return list(await asyncio.gather(*(extract(event) for event in events)))


def _event(chunk: Sequence[SourceSentence], before: str, settings: JobSettings) -> ChunkSubmitted:
    return ChunkSubmitted(
        job=JobId("eval"),
        tenant=TenantId("eval"),
        index=0,
        total=1,
        chunk_kind=ChunkKind.TEXT,
        text_hash="",
        settings=settings,
        engine=LocalEngine.name,
        model="",
        pages=(1,),
        sentences=tuple(chunk),
        before=before,
    )
