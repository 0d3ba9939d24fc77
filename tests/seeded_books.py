"""Books that need no splitter: manifest, source and chunk messages of invented sentences, put where services look."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from feuilleton.contracts import ids
from feuilleton.contracts.documents import (
    CardDraft,
    CardMethod,
    Chapter,
    Checkpoint,
    ChunkFailure,
    ChunkKind,
    Manifest,
    ManifestChunk,
    SourceSentence,
    Usage,
)
from feuilleton.contracts.events import ChunkExtracted, ChunkOutcome, ChunkSubmitted, EventData, Message, to_message
from feuilleton.contracts.ids import JobId, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.topics import Topic
from feuilleton.observability.tracing import new_traceparent
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.kafka import KafkaPublisher

TENANT = TenantId("default")
_SHORT = "Le vieux port dort sous la pluie."
_LONG = (
    "Le capitaine, qui connaissait la côte mieux que personne, regardait la maison numéro {number} du quai"
    " et pensait à la lettre que sa fille avait écrite pendant le long hiver."
)


@dataclass(frozen=True)
class SeededBook:
    """A job whose chunks each hold one long sentence among short ones, so that a model is asked once a chunk."""

    job: JobId
    manifest: Manifest
    source: bytes
    chunks: tuple[ChunkSubmitted, ...]

    async def store_in(self, store: ObjectStore) -> None:
        await store.put(ids.source_key(TENANT, self.job), self.source)
        await store.put(ids.manifest_key(TENANT, self.job), self.manifest.to_bytes())


def a_book(chunks: int, *, engine: Engine = Engine.GEMINI, attempt: int = 1, sentences: int = 3) -> SeededBook:
    job = JobId(str(uuid.uuid4()))
    source = b""
    manifest_chunks, messages = [], []
    for index in range(chunks):
        held = tuple(_sentence(index, number, sentences) for number in range(sentences))
        lines = b"".join(sentence.to_bytes() + b"\n" for sentence in held)
        text_hash = ids.text_hash(*(sentence.text for sentence in held))
        manifest_chunks.append(
            ManifestChunk(
                index=index,
                kind=ChunkKind.TEXT,
                text_hash=text_hash,
                pages=(index + 1,),
                chapter=1,
                sentences=sentences,
                words=sentences * 7,
                source_start=len(source),
                source_end=len(source) + len(lines),
            )
        )
        source += lines
        messages.append(
            ChunkSubmitted(
                job=job,
                tenant=TENANT,
                attempt=attempt,
                index=index,
                total=chunks,
                chunk_kind=ChunkKind.TEXT,
                text_hash=text_hash,
                settings=JobSettings(),
                engine=engine,
                model="balanced" if engine is Engine.LOCAL else "gemini-2.5-flash",
                pages=(index + 1,),
                chapter=1,
                sentences=held,
            )
        )
    return SeededBook(job, _manifest(job, manifest_chunks), source, tuple(messages))


def _manifest(job: JobId, chunks: Sequence[ManifestChunk]) -> Manifest:
    return Manifest(
        job=job,
        tenant=TENANT,
        source_sha256="0" * 64,
        pages=len(chunks),
        chapters=(Chapter(number=1, title="Le port", page=1),),
        source_sentences=sum(chunk.sentences for chunk in chunks),
        words=sum(chunk.words for chunk in chunks),
        chunks=tuple(chunks),
        version="test",
    )


def a_checkpoint(chunk: ChunkSubmitted) -> Checkpoint:
    """A good result: a verbatim card for each short sentence, two cuts of the long one."""
    cards = []
    for sentence in chunk.sentences:
        texts = [sentence.text] if sentence.text == _SHORT else ["Le capitaine regardait la maison.", "Il pensait."]
        method = CardMethod.VERBATIM if sentence.text == _SHORT else CardMethod.CUT
        cards += [CardDraft(source_id=sentence.id, text=text, method=method) for text in texts]
    return Checkpoint(
        job=chunk.job,
        index=chunk.index,
        text_hash=chunk.text_hash,
        attempt=chunk.attempt,
        engine=chunk.engine,
        model=chunk.model,
        cards=tuple(cards),
        dropped=(),
        usage=Usage(prompt_tokens=80, output_tokens=20, billed_tokens=100, calls=1, seconds=0.5),
    )


def a_failure(chunk: ChunkSubmitted, code: str = "refused") -> ChunkFailure:
    usage = Usage(prompt_tokens=7, calls=1)
    return ChunkFailure(job=chunk.job, index=chunk.index, attempt=chunk.attempt, code=code, usage=usage)


def a_result(chunk: ChunkSubmitted, settled: Checkpoint | ChunkFailure) -> ChunkExtracted:
    """What an extractor says of such a document."""
    good = isinstance(settled, Checkpoint)
    return ChunkExtracted(
        job=chunk.job,
        tenant=chunk.tenant,
        attempt=chunk.attempt,
        index=chunk.index,
        total=chunk.total,
        pages=chunk.pages,
        outcome=ChunkOutcome.OK if good else ChunkOutcome.FAILED,
        code=None if isinstance(settled, Checkpoint) else settled.code,
        cards=len(settled.cards) if isinstance(settled, Checkpoint) else 0,
        tokens=settled.usage.tokens,
        billed_tokens=settled.usage.billed_tokens if good else 0,
        calls=settled.usage.calls,
        seconds=settled.usage.seconds,
    )


async def settle(
    store: ObjectStore, chunk: ChunkSubmitted, settled: Checkpoint | ChunkFailure | None = None
) -> ChunkExtracted:
    """Leave a chunk's document where extractors do, and return the result that they would publish."""
    settled = settled or a_checkpoint(chunk)
    if isinstance(settled, Checkpoint):
        key = ids.checkpoint_key(chunk.tenant, chunk.job, chunk.index)
    else:
        key = ids.failure_key(chunk.tenant, chunk.job, chunk.attempt, chunk.index)
    await store.create(key, settled.to_bytes())
    return a_result(chunk, settled)


def _sentence(index: int, number: int, count: int) -> SourceSentence:
    text = _LONG.format(number=index + 1) if number == count // 2 else _SHORT
    return SourceSentence(
        id=SentenceId(f"s{index:05d}-{number:03d}"), text=text, page=index + 1, chapter=1, paragraph=index
    )


def submit(events: Sequence[EventData], *, kafka: str, prefix: str) -> None:
    """Publish events as their producers would."""
    trace = new_traceparent()
    asyncio.run(publish([to_message(event, source="test", traceparent=trace) for event in events], kafka, prefix))


def submit_raw(
    topic: Topic, key: bytes, value: bytes, headers: tuple[tuple[str, bytes], ...], *, kafka: str, prefix: str
) -> None:
    """Publish what no producer of ours would."""
    asyncio.run(publish([Message(topic.name, key, value, headers)], kafka, prefix))


def seed(book: SeededBook, *, object_store_url: str) -> None:
    asyncio.run(book.store_in(open_store(object_store_url)))


async def publish(messages: list[Message], kafka: str, prefix: str) -> None:
    publisher = KafkaPublisher(kafka, client_id="test", prefix=prefix)
    await publisher.start()
    try:
        await publisher.publish_all(messages)
    finally:
        await publisher.stop()
