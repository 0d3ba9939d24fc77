"""Database rows from and to the frozen models of `projection`."""

from collections.abc import Iterable
from types import MappingProxyType

import asyncpg

from feuilleton.contracts.events import ChunkOutcome, JobEnded
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.job_state import AttemptState, JobStatus
from status_api.projection import Attempt, Chunk, ChunkKey, Job, Upload

JOB_COLUMNS = (
    "job, tenant, name, bytes, sha256, pages, engine, model, accepted_at, accepted_offset, retention_days, deleted, "
    "attempt, status, last_offset"
)
ATTEMPT_COLUMNS = (
    "job, attempt, reached, settings, accepted_at, extracting_at, last_chunk_at, ended_at, total_chunks, "
    "finished_chunks, failed_chunks, source_sentences, chapters, cards, tokens, ended"
)
CHUNK_COLUMNS = "job, attempt, index, outcome, code, pages, cards, tokens, seconds, finished_at"

Values = tuple[object, ...]


def read_job(row: asyncpg.Record, attempts: Iterable[asyncpg.Record], chunks: Iterable[asyncpg.Record] = ()) -> Job:
    return Job(
        id=JobId(row["job"]),
        upload=_read_upload(row),
        deleted=row["deleted"],
        attempts=MappingProxyType({found["attempt"]: _read_attempt(found) for found in attempts}),
        chunks=MappingProxyType({(found["attempt"], found["index"]): read_chunk(found) for found in chunks}),
        last_offset=row["last_offset"],
    )


def _read_upload(row: asyncpg.Record) -> Upload | None:
    if row["accepted_at"] is None:
        return None
    return Upload(
        tenant=TenantId(row["tenant"]),
        name=row["name"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        pages=row["pages"],
        engine=Engine(row["engine"]),
        model=row["model"],
        accepted_at=row["accepted_at"],
        offset=row["accepted_offset"],
        retention_days=row["retention_days"],
    )


def _read_attempt(row: asyncpg.Record) -> Attempt:
    end = JobEnded.model_validate_json(row["ended"]) if row["ended"] else None
    return Attempt(
        state=AttemptState(JobStatus(row["reached"]), end),
        settings=JobSettings.model_validate_json(row["settings"]) if row["settings"] else None,
        accepted_at=row["accepted_at"],
        extracting_at=row["extracting_at"],
        last_chunk_at=row["last_chunk_at"],
        ended_at=row["ended_at"],
        total_chunks=row["total_chunks"],
        finished_chunks=row["finished_chunks"],
        failed_chunks=row["failed_chunks"],
        source_sentences=row["source_sentences"],
        chapters=row["chapters"],
        cards=row["cards"],
        tokens=row["tokens"],
    )


def read_chunk(row: asyncpg.Record) -> Chunk:
    return Chunk(
        outcome=ChunkOutcome(row["outcome"]),
        code=row["code"],
        pages=tuple(row["pages"]),
        cards=row["cards"],
        tokens=row["tokens"],
        seconds=row["seconds"],
        finished_at=row["finished_at"],
    )


def job_values(job: Job) -> Values:
    """In the order of JOB_COLUMNS."""
    tail = (job.deleted, job.highest, job.state.status.value, job.last_offset)
    up = job.upload
    if up is None:
        return (job.id, *(None,) * 10, *tail)
    file = (up.tenant, up.name, up.bytes, up.sha256, up.pages, up.engine.value, up.model)
    return (job.id, *file, up.accepted_at, up.offset, up.retention_days, *tail)


def attempt_values(job: JobId, number: int, attempt: Attempt) -> Values:
    """In the order of ATTEMPT_COLUMNS."""
    return (
        job,
        number,
        attempt.state.reached.value,
        attempt.settings.model_dump_json() if attempt.settings else None,
        attempt.accepted_at,
        attempt.extracting_at,
        attempt.last_chunk_at,
        attempt.ended_at,
        attempt.total_chunks,
        attempt.finished_chunks,
        attempt.failed_chunks,
        attempt.source_sentences,
        attempt.chapters,
        attempt.cards,
        attempt.tokens,
        attempt.state.end.model_dump_json() if attempt.state.end else None,
    )


def chunk_values(job: JobId, key: ChunkKey, chunk: Chunk) -> Values:
    """In the order of CHUNK_COLUMNS."""
    return (
        job,
        *key,
        chunk.outcome.value,
        chunk.code,
        list(chunk.pages),
        chunk.cards,
        chunk.tokens,
        chunk.seconds,
        chunk.finished_at,
    )
