"""StuckRows on Postgres. Contract: `ingest.stuck_sweep.StuckRows`."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from feuilleton.contracts.events import JobAccepted, JobEnded
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import Database
from ingest.stuck import RunningAttempt, SweepPolicy
from ingest.stuck_sweep import EndedJob, Running

_LOCK = 0x66657573  # any number that no other lock of this database uses
_AT_ONCE = 500
_RUNNING = """
SELECT now() AS now, j.accepted, a.attempt, a.admitted_at, a.published_at, a.progressed_at, a.republished,
    a.asked_at IS NOT NULL AS asked, a.expired_at, a.reserve
FROM ingest.attempts a JOIN ingest.jobs j USING (job)
WHERE a.ended_at IS NULL AND j.deleted_at IS NULL
"""
_ASKED = _RUNNING + " AND a.asked_at IS NOT NULL ORDER BY a.asked_at LIMIT $1"
# The gap is that of SweepPolicy: attempts that wait out a long one must not hide others behind them.
# An attempt whose messages still stand in the outbox is the relay's.
_UNHEARD = (
    _RUNNING
    + """
    AND NOT EXISTS (SELECT FROM ingest.outbox o WHERE o.job = a.job AND o.attempt = a.attempt)
    AND (greatest(a.published_at, a.progressed_at)
            < now() - make_interval(secs => least($3, $2 * power(2, least(a.republished, 30))))
        OR a.admitted_at < now() - make_interval(secs => $4)
            AND (a.expired_at IS NULL OR a.expired_at < now() - make_interval(secs => $2)))
    ORDER BY greatest(a.published_at, a.progressed_at) LIMIT $1
"""
)
_ASKED_ENDED = """
SELECT j.accepted, e.ends, e.reserves
FROM ingest.jobs j CROSS JOIN LATERAL (
    SELECT array_agg(a.ended::text ORDER BY a.attempt) AS ends, array_agg(a.reserve ORDER BY a.attempt) AS reserves
    FROM ingest.attempts a WHERE a.job = j.job AND a.ended IS NOT NULL) AS e
WHERE j.deleted_at IS NULL AND j.job IN (
    SELECT job FROM ingest.attempts WHERE asked_at IS NOT NULL AND ended_at IS NOT NULL ORDER BY asked_at LIMIT $1
)
"""
_MARK_PUBLISHED = """
UPDATE ingest.attempts SET published_at = now(), republished = republished + 1, asked_at = NULL
WHERE job = $1 AND attempt = $2
"""


class PostgresStuckRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def sole_sweeper(self) -> AsyncIterator[bool]:
        """A lock of the session: it goes with the connection, whatever becomes of this process."""
        async with self._database.connection() as connection:
            held = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))
            try:
                yield held
            finally:
                if held and not connection.is_closed():
                    await connection.fetchval("SELECT pg_advisory_unlock($1)", _LOCK)

    async def asked(self) -> Running:
        return await self._read(_ASKED, _AT_ONCE)

    async def asked_ended(self) -> Sequence[EndedJob]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ASKED_ENDED, _AT_ONCE)
        return [
            EndedJob(
                JobAccepted.model_validate_json(row["accepted"]),
                tuple(JobEnded.model_validate_json(end) for end in row["ends"]),
                tuple(row["reserves"]),
            )
            for row in rows
        ]

    async def mark_told_again(self, job: JobId) -> None:
        await self._execute("UPDATE ingest.attempts SET asked_at = NULL WHERE job = $1 AND ended_at IS NOT NULL", job)

    async def unheard(self, policy: SweepPolicy) -> Running:
        gaps = (policy.first_gap_seconds, policy.last_gap_seconds)
        return await self._read(_UNHEARD, _AT_ONCE, *gaps, policy.limit_seconds)

    async def mark_published_again(self, job: JobId, attempt: int) -> None:
        await self._execute(_MARK_PUBLISHED, job, attempt)

    async def mark_expired(self, job: JobId, attempt: int) -> None:
        statement = "UPDATE ingest.attempts SET expired_at = now(), asked_at = NULL WHERE job = $1 AND attempt = $2"
        await self._execute(statement, job, attempt)

    async def _read(self, query: str, *values: object) -> Running:
        async with self._database.connection() as connection:
            rows = await connection.fetch(query, *values)
            now: datetime = await connection.fetchval("SELECT now()")
        return Running(tuple(_attempts(rows)), now)

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._database.connection() as connection:
            await connection.execute(statement, *values)


def _attempts(rows: Iterable[asyncpg.Record]) -> Iterable[RunningAttempt]:
    for row in rows:
        yield RunningAttempt(
            accepted=JobAccepted.model_validate_json(row["accepted"]),
            attempt=row["attempt"],
            admitted_at=row["admitted_at"],
            published_at=row["published_at"],
            progressed_at=row["progressed_at"],
            republished=row["republished"],
            asked=row["asked"],
            expired_at=row["expired_at"],
            reserve=row["reserve"],
        )
