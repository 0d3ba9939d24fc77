"""Books that need no splitter: manifest, source and chunk messages of invented sentences, put where services look."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Chapter, ChunkKind, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.events import ChunkSubmitted, EventData, to_message
from feuilleton.contracts.ids import JobId, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
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
    manifest = Manifest(
        job=job,
        tenant=TENANT,
        source_sha256="0" * 64,
        pages=chunks,
        chapters=(Chapter(number=1, title="Le port", page=1),),
        source_sentences=chunks * sentences,
        words=chunks * sentences * 7,
        chunks=tuple(manifest_chunks),
        version="test",
    )
    return SeededBook(job, manifest, source, tuple(messages))


def _sentence(index: int, number: int, count: int) -> SourceSentence:
    text = _LONG.format(number=index + 1) if number == count // 2 else _SHORT
    return SourceSentence(
        id=SentenceId(f"s{index:05d}-{number:03d}"), text=text, page=index + 1, chapter=1, paragraph=index
    )


def submit(events: Sequence[EventData], *, kafka: str, prefix: str) -> None:
    """Publish events as their producers would."""
    asyncio.run(_submit(events, kafka, prefix))


def seed(book: SeededBook, *, object_store_url: str) -> None:
    asyncio.run(book.store_in(open_store(object_store_url)))


async def _submit(events: Sequence[EventData], kafka: str, prefix: str) -> None:
    publisher = KafkaPublisher(kafka, client_id="test", prefix=prefix)
    await publisher.start()
    try:
        trace = new_traceparent()
        await publisher.publish_all([to_message(event, source="test", traceparent=trace) for event in events])
    finally:
        await publisher.stop()
