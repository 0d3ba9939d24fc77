"""Job events folded into the rows that the API reads. Pure: no clock, no database, no chance.

Which attempt counts, which end is the first and what the state is comes from `fold_event` alone; this module
adds what people look at: figures, times and the log of changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from feuilleton.contracts.events import (
    RETENTION_LIMIT_DAYS,
    AttemptAccepted,
    ChunkFinished,
    ChunkOutcome,
    EventData,
    JobAccepted,
    JobSplit,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.job_state import AttemptState, JobState, JobStatus, fold_event, progress_percent
from feuilleton.streaming.folding import Record

ChunkKey = tuple[int, int]
"""Attempt and chunk index."""


@dataclass(frozen=True)
class Upload:
    """What job.accepted said. `offset` is where it stands."""

    tenant: TenantId
    name: str
    bytes: int
    sha256: str
    pages: int
    engine: Engine
    model: str
    accepted_at: datetime
    offset: int
    retention_days: int | None = None

    @property
    def expires_at(self) -> datetime:
        """When the job's time is over. It is removed soon after that, unless an attempt still runs."""
        return self.accepted_at + timedelta(days=self.retention_days or RETENTION_LIMIT_DAYS)


@dataclass(frozen=True)
class Attempt:
    """One attempt. `cards` and `tokens` are sums over its finished chunks; the end carries the final figures."""

    state: AttemptState = field(default_factory=AttemptState)
    settings: JobSettings | None = None
    accepted_at: datetime | None = None
    extracting_at: datetime | None = None
    last_chunk_at: datetime | None = None
    ended_at: datetime | None = None
    total_chunks: int = 0
    finished_chunks: int = 0
    failed_chunks: int = 0
    source_sentences: int = 0
    chapters: int = 0
    cards: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Chunk:
    outcome: ChunkOutcome
    code: str | None
    pages: tuple[int, ...]
    cards: int
    tokens: int
    seconds: float
    finished_at: datetime


@dataclass(frozen=True)
class Job:
    """The rows of one job. `chunks` may hold only those that the events at hand are about.

    Nothing is shown while `upload` is None: job.accepted was not seen yet.
    """

    id: JobId
    upload: Upload | None = None
    deleted: bool = False
    attempts: Mapping[int, Attempt] = field(default_factory=lambda: MappingProxyType({}))
    chunks: Mapping[ChunkKey, Chunk] = field(default_factory=lambda: MappingProxyType({}))
    last_offset: int = -1

    @property
    def state(self) -> JobState:
        states = {number: attempt.state for number, attempt in self.attempts.items()}
        return JobState(self.upload is not None, self.deleted, MappingProxyType(states))

    @property
    def highest(self) -> int:
        return self.state.attempt


@dataclass(frozen=True)
class Change:
    """One entry of the log that streams read: an event that changed something, and the job after it."""

    offset: int
    time: datetime
    event: EventData
    status: JobStatus
    progress_percent: int
    eta_seconds: int | None


@dataclass(frozen=True)
class Folded:
    """A batch of one partition applied: the jobs that changed, and what to append to the log."""

    jobs: Mapping[JobId, Job]
    changes: tuple[Change, ...]


def fold_batch(jobs: Mapping[JobId, Job], records: Iterable[Record]) -> Folded:
    """Apply `records` (offset order) to `jobs`; a job that is not there begins empty.

    A record that changes nothing (a duplicate, a late end) leaves its job as it was and is not logged.
    """
    after = dict(jobs)
    changes: list[Change] = []
    for record in records:
        before = after.get(record.event.job, Job(record.event.job))
        job = fold_record(before, record)
        if job is not before:
            after[job.id] = job
            changes.append(_change(job, record))
    changed = {name: job for name, job in after.items() if job is not jobs.get(name)}
    return Folded(MappingProxyType(changed), tuple(changes))


def fold_record(job: Job, record: Record) -> Job:
    """The job after one record; `job` itself where nothing changed."""
    event = record.event
    state = fold_event(job.state, event)
    known = job.attempts.get(event.attempt)
    chunks = _fold_chunk(job.chunks, record)
    attempt = _fold_attempt(known or Attempt(), state.attempts.get(event.attempt), record)
    attempt = _count_chunk(attempt, job.chunks, chunks, record)
    upload = job.upload or _upload(record)
    is_new_attempt = event.attempt in state.attempts and known is None
    same_rows = attempt == (known or Attempt()) and chunks is job.chunks and upload is job.upload
    if same_rows and not is_new_attempt and state.deleted == job.deleted:
        return job
    attempts = job.attempts
    if event.attempt in state.attempts:
        attempts = MappingProxyType({**job.attempts, event.attempt: attempt})
    return Job(job.id, upload, state.deleted, attempts, chunks, record.offset)


def eta_seconds(attempt: Attempt, now: datetime) -> int | None:
    """Seconds until the last chunk at the rate seen so far; None while there is no rate, or nothing to wait for."""
    begun, last = attempt.extracting_at, attempt.last_chunk_at
    if attempt.state.status is not JobStatus.EXTRACTING or begun is None or last is None:
        return None
    spent = (last - begun).total_seconds()
    left = attempt.total_chunks - attempt.finished_chunks
    if left <= 0 or attempt.finished_chunks == 0 or spent <= 0:
        return None
    estimate = left * spent / attempt.finished_chunks - (now - last).total_seconds()
    return max(1, round(estimate))


def progress(job: Job) -> int:
    """Percent of the highest attempt."""
    attempt = job.attempts.get(job.highest, Attempt())
    return progress_percent(job.state.status, attempt.finished_chunks, attempt.total_chunks)


def _upload(record: Record) -> Upload | None:
    event = record.event
    if not isinstance(event, JobAccepted):
        return None
    return Upload(
        tenant=event.tenant,
        name=event.name,
        bytes=event.bytes,
        sha256=event.sha256,
        pages=event.pages,
        engine=event.engine,
        model=event.model,
        accepted_at=record.time,
        offset=record.offset,
        retention_days=event.retention_days,
    )


def _fold_attempt(attempt: Attempt, state: AttemptState | None, record: Record) -> Attempt:
    """State, figures and times of the attempt that an event is about; each is set once."""
    event, time = record.event, record.time
    if state is None:
        return attempt
    if state.end is not None and attempt.state.end is None:
        attempt = replace(attempt, ended_at=time)
    if isinstance(event, JobAccepted | AttemptAccepted) and attempt.accepted_at is None:
        attempt = replace(attempt, settings=event.settings, accepted_at=time)
    if isinstance(event, JobSplit | ChunkFinished) and attempt.extracting_at is None:
        attempt = replace(attempt, extracting_at=time)
    if isinstance(event, JobSplit):
        attempt = replace(
            attempt,
            total_chunks=max(attempt.total_chunks, event.chunks),
            source_sentences=event.source_sentences,
            chapters=event.chapters,
        )
    return attempt if attempt.state == state else replace(attempt, state=state)


def _fold_chunk(chunks: Mapping[ChunkKey, Chunk], record: Record) -> Mapping[ChunkKey, Chunk]:
    """A chunk is counted once; only a success may replace a failure, as a checkpoint beats one."""
    event = record.event
    if not isinstance(event, ChunkFinished):
        return chunks
    key = (event.attempt, event.index)
    known = chunks.get(key)
    if known is not None and (known.outcome is ChunkOutcome.OK or event.outcome is ChunkOutcome.FAILED):
        return chunks
    chunk = Chunk(
        outcome=event.outcome,
        code=event.code,
        pages=event.pages,
        cards=event.cards,
        tokens=event.tokens,
        seconds=event.seconds,
        finished_at=record.time,
    )
    return MappingProxyType({**chunks, key: chunk})


def _count_chunk(
    attempt: Attempt, before: Mapping[ChunkKey, Chunk], after: Mapping[ChunkKey, Chunk], record: Record
) -> Attempt:
    event = record.event
    if before is after or not isinstance(event, ChunkFinished):
        return attempt
    key = (event.attempt, event.index)
    old, new = before.get(key), after[key]
    return replace(
        attempt,
        total_chunks=max(attempt.total_chunks, event.total),
        last_chunk_at=record.time,
        finished_chunks=attempt.finished_chunks + (old is None),
        failed_chunks=attempt.failed_chunks + _failed(new) - _failed(old),
        cards=attempt.cards + new.cards - (old.cards if old else 0),
        tokens=attempt.tokens + new.tokens - (old.tokens if old else 0),
    )


def _failed(chunk: Chunk | None) -> int:
    return int(chunk is not None and chunk.outcome is ChunkOutcome.FAILED)


def _change(job: Job, record: Record) -> Change:
    attempt = job.attempts.get(job.highest, Attempt())
    return Change(
        offset=record.offset,
        time=record.time,
        event=record.event,
        status=job.state.status,
        progress_percent=progress(job),
        eta_seconds=eta_seconds(attempt, record.time),
    )
