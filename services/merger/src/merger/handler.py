"""Chunk results and commands in, the end of each attempt out. Every step bears being done again."""

import time
from dataclasses import dataclass, field

import structlog

from feuilleton.contracts.documents import Checkpoint, Manifest
from feuilleton.contracts.errors import JobCancelledError
from feuilleton.contracts.events import (
    CancelJob,
    ChunkExtracted,
    Command,
    DeleteJob,
    EndCounts,
    EventData,
    ExpireJob,
    JobDeleted,
    JobEnded,
    JobMerging,
    Origin,
    Outcome,
    PurgeJob,
    to_message,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.ports import Publisher
from merger.fan_in import FanIn, FanInCache
from merger.figures import finished_from_message, finished_from_store
from merger.job_files import JobFiles, in_order
from merger.locks import JobLocks
from merger.result import Result, write_result

SERVICE = "merger"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Work:
    """The attempt in hand, its files, and the trace that it belongs to."""

    job: JobId
    tenant: TenantId
    attempt: int
    traceparent: str
    files: JobFiles


@dataclass(frozen=True)
class Merger:
    """Ends attempts: when all chunks are in, on cancel, on expiry, on delete. Removes on delete and on purge.

    Its methods may be called again for the same message and at once for several; what happens to one job happens
    one after the other. All raise TransientError (call again), and return when the effect is durable.
    """

    store: ObjectStore
    publisher: Publisher
    commands: Commands
    cache: FanInCache = field(default_factory=FanInCache)
    locks: JobLocks = field(default_factory=JobLocks)

    async def record_chunk(self, result: ChunkExtracted, traceparent: str) -> None:
        """Count one chunk, and end the attempt if it was the last. Says nothing of an attempt ended by command."""
        work = self._work(result, traceparent)
        async with self.locks.of(work.job):
            if not self._commanded(work):
                await self._publish(work, finished_from_message(result))
                await self._count(work, result.index)

    async def recount(self, origin: Origin, traceparent: str) -> None:
        """As `record_chunk`, for a message that cannot be read: the store says what it would have said."""
        work = self._work(origin, traceparent)
        async with self.locks.of(work.job):
            if not self._commanded(work):
                await self._count(work, None)

    async def fail_attempt(self, origin: Origin, code: str, traceparent: str) -> None:
        """End the attempt as failed: its work cannot be done here, and must not be stuck in silence.

        Reads nothing, because what cannot be read may be the reason; so what was used is not told, nor billed.
        """
        work = self._work(origin, traceparent)
        async with self.locks.of(work.job):
            end = JobEnded(job=work.job, tenant=work.tenant, attempt=work.attempt, outcome=Outcome.FAILED, code=code)
            await self._end(work, end)

    async def cancel_attempt(self, command: CancelJob, traceparent: str) -> None:
        """End the attempt as cancelled, unless its end is known; where the book is not split yet too."""
        work = self._obey(command, traceparent)
        async with self.locks.of(work.job):
            await self._end_early(work, Outcome.CANCELLED, None)

    async def expire_attempt(self, command: ExpireJob, traceparent: str) -> None:
        """End the attempt as failed (`expired`), unless its end is known."""
        work = self._obey(command, traceparent)
        async with self.locks.of(work.job):
            await self._end_early(work, Outcome.FAILED, "expired")

    async def delete_job(self, command: DeleteJob, traceparent: str) -> None:
        """End the running attempt as cancelled, remove every object, then say that the job is deleted.

        A redelivery after a kill in the middle counts the bytes that were left: the first job.deleted stands.
        """
        work = self._obey(command, traceparent)
        async with self.locks.of(work.job):
            await self._end_early(work, Outcome.CANCELLED, None)
            await self._remove(work)
            log.info("job_deleted")

    async def purge_job(self, command: PurgeJob, traceparent: str) -> None:
        """Remove every object of a job that ended long ago, then say that it is deleted. Its ends are not touched."""
        work = self._work(command, traceparent)
        async with self.locks.of(work.job):
            await self._remove(work)
            log.info("job_purged")

    async def _remove(self, work: _Work) -> None:
        freed = await work.files.remove()
        self.cache.forget(work.job)
        gone = JobDeleted(job=work.job, tenant=work.tenant, attempt=work.attempt, bytes_freed=freed)
        await self._publish(work, gone)

    async def _count(self, work: _Work, index: int | None) -> None:
        fan_in = self.cache.get(work.job, work.attempt) or await self._load_fan_in(work)
        if fan_in is None:
            log.warning("result_without_manifest")
            return
        if fan_in.end is not None:
            if index is not None and fan_in.repeat(index):
                await self._publish(work, fan_in.end)
            return
        if index is None:
            fan_in.correct(await work.files.stored(work.attempt))
        else:
            fan_in.arrive(index)
        if fan_in.complete:
            await self._finish(work, fan_in)

    async def _load_fan_in(self, work: _Work) -> FanIn | None:
        manifest = await work.files.manifest()
        if manifest is None:
            return None
        fan_in = FanIn(frozenset(chunk.index for chunk in manifest.chunks))
        fan_in.correct(await work.files.stored(work.attempt))
        self.cache.put(work.job, work.attempt, fan_in)
        return fan_in

    async def _finish(self, work: _Work, fan_in: FanIn) -> None:
        """All chunks are said to be in: ask the store, and only then assemble and end."""
        manifest = await work.files.manifest()
        fan_in.correct(await work.files.stored(work.attempt))
        if manifest is None or not fan_in.complete:
            log.warning("chunks_not_in_store", count=len(fan_in.expected - fan_in.arrived))
            return
        await self._announce_rest(work, manifest, fan_in)
        await self._publish(work, JobMerging(job=work.job, tenant=work.tenant, attempt=work.attempt))
        try:
            with metrics.MERGE_SECONDS.time():
                result = await write_result(
                    self.store, work.files, manifest, work.attempt, stopped=lambda: self._commanded(work)
                )
        except JobCancelledError:
            return  # the command has a message of its own, which publishes the end
        await self._end(work, _end_of(work, manifest, result))

    async def _announce_rest(self, work: _Work, manifest: Manifest, fan_in: FanIn) -> None:
        """Publish chunk.finished for chunks whose message this process has not seen: the end counts them too."""
        unannounced = fan_in.expected - fan_in.announced
        chunks = [chunk for chunk in manifest.chunks if chunk.index in unannounced]
        messages = []
        async for chunk, settled in in_order(chunks, lambda one: work.files.settled(one, work.attempt)):
            finished = finished_from_store(work.tenant, work.attempt, manifest, chunk, settled)
            messages.append(to_message(finished, source=SERVICE, traceparent=child_of(work.traceparent)))
        if messages:
            await self.publisher.publish_all(messages)
        fan_in.announced.update(unannounced)

    async def _end_early(self, work: _Work, outcome: Outcome, code: str | None) -> None:
        """End with what was used so far. The first end stands, so one that comes too late changes nothing: a known
        end is said again, as the log may have lost it.
        """
        fan_in = self.cache.get(work.job, work.attempt)
        if fan_in is not None and fan_in.end is not None:
            await self._publish(work, fan_in.end)
            return
        manifest = await work.files.manifest()
        counts, tokens, billed_tokens = EndCounts(), 0, 0
        if manifest is not None:
            counts = EndCounts(
                pages=manifest.pages, chunks=len(manifest.chunks), source_sentences=manifest.source_sentences
            )
            chunks = manifest.chunks
            async for _, settled in in_order(chunks, lambda one: work.files.settled(one, work.attempt)):
                tokens += settled.usage.tokens
                billed_tokens += settled.usage.billed_tokens if isinstance(settled, Checkpoint) else 0
        end = JobEnded(
            job=work.job,
            tenant=work.tenant,
            attempt=work.attempt,
            outcome=outcome,
            code=code,
            counts=counts,
            tokens=tokens,
            billed_tokens=billed_tokens,
        )
        await self._end(work, end)

    async def _end(self, work: _Work, end: JobEnded) -> None:
        await self._publish(work, end)
        fan_in = self.cache.get(work.job, work.attempt)
        if fan_in is not None:
            fan_in.end = end
        metrics.JOBS_ENDED.labels(end.outcome).inc()
        log.info("attempt_ended", outcome=end.outcome, code=end.code, cards=end.counts.cards)

    async def _publish(self, work: _Work, event: EventData) -> None:
        await self.publisher.publish(to_message(event, source=SERVICE, traceparent=child_of(work.traceparent)))

    def _commanded(self, work: _Work) -> bool:
        return self.commands.ended(work.job, work.attempt) is not None

    def _obey(self, command: Command, traceparent: str) -> _Work:
        """Noted here too: the control log, which follows the topic by itself, may be a little behind."""
        self.commands.add(command, time.time())
        return self._work(command, traceparent)

    def _work(self, of: EventData | Origin, traceparent: str) -> _Work:
        return _Work(of.job, of.tenant, of.attempt, traceparent, JobFiles(self.store, of.tenant, of.job))


def _end_of(work: _Work, manifest: Manifest, result: Result) -> JobEnded:
    tally = result.tally
    return JobEnded(
        job=work.job,
        tenant=work.tenant,
        attempt=work.attempt,
        outcome=tally.outcome,
        code=tally.code,
        counts=tally.counts(manifest),
        tokens=tally.usage.tokens + tally.failed_tokens,
        billed_tokens=tally.usage.billed_tokens,
        result=result.folder,
    )
