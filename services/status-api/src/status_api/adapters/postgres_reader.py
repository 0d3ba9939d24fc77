"""JobReader on Postgres."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.database.pool import Database
from feuilleton.streaming.kafka import partition_for
from feuilleton.streaming.postgres_folding import folding_errors
from feuilleton.streaming.read_barrier import ProjectionBehindError
from status_api.adapters.job_lists import SHOWN_JOBS, list_statement
from status_api.adapters.rows import ATTEMPT_COLUMNS, CHUNK_COLUMNS, read_chunk, read_job
from status_api.ports import ChangePage, ChunkPage, JobFilter, JobPage, LoggedChange, NumberedChunk, RunningAttempts
from status_api.projection import Job

_FIND_JOB = f"{SHOWN_JOBS} WHERE jobs.job = $1 AND jobs.tenant = $2 AND jobs.accepted_at IS NOT NULL"
_FIND_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM projection.attempts WHERE job = $1"  # noqa: S608
_HIGHEST_ATTEMPTS = f"""
    SELECT {ATTEMPT_COLUMNS} FROM projection.attempts
    JOIN unnest($1::text[], $2::int[]) AS asked (job, attempt) USING (job, attempt)
"""  # noqa: S608
_LIST_CHUNKS = f"""
    SELECT {CHUNK_COLUMNS} FROM projection.chunks
    WHERE job = $1 AND attempt = $2 AND index > $3 ORDER BY index LIMIT $4
"""  # noqa: S608
_FINISHED_CHUNKS = """
    SELECT index, outcome = 'ok' AS succeeded FROM projection.chunks WHERE job = $1 AND attempt = $2
"""
_LIST_CHANGES = """
    SELECT partition, "offset", type, attempt, time, data, status, progress_percent, eta_seconds
    FROM projection.events WHERE job = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3
"""
_POSITION = "SELECT next_offset FROM projection.offsets WHERE topic = $1 AND partition = $2"


_RUNNING = """
    SELECT array_agg(accepted_at ORDER BY accepted_at) AS running,
        array_agg(accepted_at ORDER BY accepted_at) FILTER (WHERE reached = 'accepted') AS waiting,
        (SELECT count(*) FROM projection.attempts WHERE ended_at > now() - interval '1 hour') AS ended
    FROM projection.attempts WHERE ended_at IS NULL AND accepted_at IS NOT NULL
"""
_REBUILDING = """
    SELECT EXISTS (SELECT FROM projection.offsets
        WHERE next_offset < rebuilt_until AND ($1::int IS NULL OR partition = $1))
"""


class PostgresReader:
    """JobReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_job(self, tenant: TenantId, job: JobId) -> Job | None:
        async with self._snapshot() as connection:
            return await _find_job(connection, tenant, job)

    async def list_jobs(
        self, tenant: TenantId, wanted: JobFilter, *, before: tuple[datetime, JobId] | None, limit: int
    ) -> JobPage:
        statement, values = list_statement(tenant, wanted, before, limit + 1)
        async with self._snapshot() as connection:
            await _check_rebuilt(connection, None)
            rows = await connection.fetch(statement, *values)
            asked = ([row["job"] for row in rows], [row["attempt"] for row in rows])
            attempts = {row["job"]: row for row in await connection.fetch(_HIGHEST_ATTEMPTS, *asked)}
        jobs = [read_job(row, [attempts[row["job"]]]) for row in rows[:limit]]
        return JobPage(tuple(jobs), len(rows) > limit)

    async def list_chunks(self, job: JobId, attempt: int, *, after: int, limit: int) -> ChunkPage:
        async with self._connection() as connection:
            rows = await connection.fetch(_LIST_CHUNKS, job, attempt, after, limit + 1)
        chunks = [NumberedChunk(row["index"], read_chunk(row)) for row in rows[:limit]]
        return ChunkPage(tuple(chunks), len(rows) > limit)

    async def finished_chunks(self, job: JobId, attempt: int) -> Mapping[int, bool]:
        async with self._connection() as connection:
            rows = await connection.fetch(_FINISHED_CHUNKS, job, attempt)
        return {row["index"]: row["succeeded"] for row in rows}

    async def changes(self, tenant: TenantId, job: JobId, *, after: int, limit: int) -> ChangePage:
        async with self._snapshot() as connection:
            found = await _find_job(connection, tenant, job)
            rows = await connection.fetch(_LIST_CHANGES, job, after, limit + 1) if found else []
        return ChangePage(tuple(LoggedChange(**row) for row in rows[:limit]), found, len(rows) > limit)

    async def running_attempts(self) -> RunningAttempts:
        async with self._connection() as connection:
            row = await connection.fetchrow(_RUNNING)
        return RunningAttempts(tuple(row["running"] or ()), tuple(row["waiting"] or ()), row["ended"])

    async def position(self, topic: str, partition: int) -> int:
        async with self._connection() as connection:
            found: int | None = await connection.fetchval(_POSITION, topic, partition)
        return found or 0

    async def check(self) -> None:
        async with self._connection() as connection:
            await connection.fetchval("SELECT count(*) FROM projection.offsets")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        with folding_errors():
            async with self._database.connection() as connection:
                yield connection

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        """One moment for all statements inside."""
        async with self._connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection


async def _check_rebuilt(connection: asyncpg.Connection, job: JobId | None) -> None:
    """Raise ProjectionBehindError while the rows of the job (None: of any) are folded anew: they show the past."""
    partition = None if job is None else partition_for(job.encode(), JOB_EVENTS.partitions)
    if await connection.fetchval(_REBUILDING, partition):
        raise ProjectionBehindError("the projection is being rebuilt")


async def _find_job(connection: asyncpg.Connection, tenant: TenantId, job: JobId) -> Job | None:
    await _check_rebuilt(connection, job)
    row = await connection.fetchrow(_FIND_JOB, job, tenant)
    if row is None:
        return None
    return read_job(row, await connection.fetch(_FIND_ATTEMPTS, job))
