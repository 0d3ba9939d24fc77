"""One message of uploads: split the book, publish its chunks, say so. Both methods bear any repetition."""

import asyncio
import time
from dataclasses import dataclass

import structlog

from feuilleton.contracts.documents import ChunkKind, ManifestChunk
from feuilleton.contracts.errors import InvalidInputError, JobCancelledError, PoisonMessageError
from feuilleton.contracts.events import (
    ChunkSubmitted,
    EventData,
    JobEnded,
    JobSplit,
    JobSplitting,
    Message,
    Origin,
    Outcome,
    Received,
    UploadSubmitted,
    to_message,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.ports import Publisher
from splitter.billing import billed_tokens
from splitter.book import BookSplitter, SplitBook

SERVICE = "splitter"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Attempt:
    """Whose message is in hand, and its trace."""

    job: JobId
    tenant: TenantId
    attempt: int
    traceparent: str


class UploadMessages:
    """Handler of uploads."""

    def __init__(self, store: ObjectStore, publisher: Publisher, commands: Commands, books: BookSplitter) -> None:
        self._store = store
        self._publisher = publisher
        self._commands = commands
        self._books = books

    async def handle(self, received: Received) -> None:
        """Return when the chunks and job.split are published, or the end of an attempt that stops here."""
        order = received.data
        if not isinstance(order, UploadSubmitted):
            raise PoisonMessageError(f"{received.data.type} does not belong here", code="unexpected_type")
        trace = child_of(received.traceparent)
        attempt = _Attempt(order.job, order.tenant, order.attempt, trace)
        started = time.monotonic()
        try:
            code = await self._split(order, trace)
        except JobCancelledError as exc:
            code = exc.code
            await self._end_by_command(attempt, code)
        except InvalidInputError as exc:
            code = exc.code
            log.warning("book_not_split", code=code, detail=exc.detail)
            await self._fail(attempt, code)
        metrics.BOOKS_SPLIT.labels(code).inc()
        metrics.SPLIT_SECONDS.observe(time.monotonic() - started)

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:
        """An order that cannot be carried out ends its attempt."""
        await self._fail(_Attempt(origin.job, origin.tenant, origin.attempt, child_of(traceparent)), code)

    async def _split(self, order: UploadSubmitted, trace: str) -> str:
        def check() -> None:
            command = self._commands.ended(order.job, order.attempt)
            if command is not None:
                raise JobCancelledError(code=_CODES[command])

        check()
        await self._publish(_splitting(order), trace)
        book = await self._books.split(order, check)
        check()
        if book.manifest.fault is not None:
            raise InvalidInputError("nothing to extract", code=book.manifest.fault)
        messages = await asyncio.to_thread(chunk_messages, order, book, trace)  # seconds for the largest books
        await self._publisher.publish_all(messages)
        await self._publish(_split_event(order, book), trace)
        log.info("book_split", chunks=len(book.manifest.chunks), sentences=book.manifest.source_sentences)
        return "ok"

    async def _end_by_command(self, attempt: _Attempt, code: str) -> None:
        outcome = Outcome.FAILED if code == "expired" else Outcome.CANCELLED
        log.info("book_dropped", code=code)
        await self._end(attempt, outcome, code)

    async def _fail(self, attempt: _Attempt, code: str) -> None:
        await self._end(attempt, Outcome.FAILED, code)

    async def _end(self, attempt: _Attempt, outcome: Outcome, code: str) -> None:
        """Publish the end with what the job has cost so far: an earlier attempt may have paid."""
        billed = await billed_tokens(self._store, attempt.tenant, attempt.job)
        end = JobEnded(
            job=attempt.job,
            tenant=attempt.tenant,
            attempt=attempt.attempt,
            outcome=outcome,
            code=code,
            billed_tokens=billed,
        )
        await self._publish(end, attempt.traceparent)
        metrics.JOBS_ENDED.labels(outcome.value).inc()

    async def _publish(self, event: EventData, trace: str) -> None:
        await self._publisher.publish(to_message(event, source=SERVICE, traceparent=trace))


_CODES = {"cancel": "cancelled", "delete": "deleted", "expire": "expired"}


def chunk_messages(order: UploadSubmitted, book: SplitBook, trace: str) -> list[Message]:
    """A message for each chunk of the manifest, in its order. Pure but for the clock in the envelopes."""
    messages: list[Message] = []
    before = ""
    for chunk in book.manifest.chunks:
        data = _chunk_order(order, book, chunk, before)
        messages.append(to_message(data, source=SERVICE, traceparent=trace))
        before = data.sentences[-1].text if chunk.kind is ChunkKind.TEXT else ""
    return messages


def _chunk_order(order: UploadSubmitted, book: SplitBook, chunk: ManifestChunk, before: str) -> ChunkSubmitted:
    return ChunkSubmitted(
        job=order.job,
        tenant=order.tenant,
        attempt=order.attempt,
        index=chunk.index,
        total=len(book.manifest.chunks),
        chunk_kind=chunk.kind,
        text_hash=chunk.text_hash,
        settings=order.settings,
        engine=order.engine,
        model=order.model,
        pages=chunk.pages,
        chapter=chunk.chapter,
        sentences=book.of(chunk),
        before=before,
        page_key=chunk.page_key,
        share=order.share,
    )


def _splitting(order: UploadSubmitted) -> JobSplitting:
    return JobSplitting(job=order.job, tenant=order.tenant, attempt=order.attempt)


def _split_event(order: UploadSubmitted, book: SplitBook) -> JobSplit:
    manifest = book.manifest
    return JobSplit(
        job=order.job,
        tenant=order.tenant,
        attempt=order.attempt,
        pages=manifest.pages,
        chunks=len(manifest.chunks),
        source_sentences=manifest.source_sentences,
        chapters=len(manifest.chapters),
    )
