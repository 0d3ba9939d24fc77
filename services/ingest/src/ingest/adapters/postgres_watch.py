"""FoldStore of ingest on Postgres: what job-events say of the jobs admitted here, and what their ends cost."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import asyncpg

from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_state import AttemptState, JobStatus
from feuilleton.database.pool import Database
from feuilleton.observability import metrics
from feuilleton.streaming.folding import Batch, Record
from feuilleton.streaming.postgres_folding import FoldedOffsets, folding_errors
from ingest.adapters.postgres_ledger import settle_jobs
from ingest.ledger import Entry
from ingest.watched_jobs import WatchedAttempt, WatchedJob, fold_records

_POSITION = "SELECT next_offset FROM ingest.offsets WHERE topic = $1 AND partition = $2"
# Locked, so that a new attempt is not admitted between what is read here and what is written.
_FIND_JOBS = "SELECT job, deleted_at FROM ingest.jobs WHERE job = ANY($1) ORDER BY job FOR NO KEY UPDATE"
_FIND_ATTEMPTS = """
    SELECT job, attempt, reached, progressed_at, ended, ended_at FROM ingest.attempts WHERE job = ANY($1)
"""
_SAVE_DELETED = "UPDATE ingest.jobs SET deleted_at = $2 WHERE job = $1"
_SAVE_ATTEMPT = """
    INSERT INTO ingest.attempts (job, attempt, reached, progressed_at, ended, ended_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (job, attempt) DO UPDATE SET reached = excluded.reached, progressed_at = excluded.progressed_at,
        ended = excluded.ended, ended_at = excluded.ended_at
"""


class PostgresJobWatch(FoldedOffsets):
    """FoldStore. Two processes that fold the same partition are harmless, and so is a log that was made anew.

    An end is settled in the transaction that folds it, so that the ledger is as exact as the offset beside it.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, "ingest.offsets")

    async def position(self, topic: str, partition: int) -> int:
        with folding_errors():
            async with self._database.connection() as connection:
                found: int | None = await connection.fetchval(_POSITION, topic, partition)
        return found or 0

    async def apply(self, batch: Batch) -> int:
        async with self.turn(batch) as turn:
            settled = await _fold(turn.connection, turn.records) if turn.due else ()
        for entry in settled:
            metrics.CREDITS.labels(entry.kind.value).inc(abs(entry.amount))
        return turn.next_offset


async def _fold(connection: asyncpg.Connection, records: Sequence[Record]) -> Sequence[Entry]:
    before = await _load(connection, records)
    changed = fold_records(before, records)
    await _save(connection, before, changed)
    return await settle_jobs(connection, [name for name, job in changed.items() if job.may_be_settled])


async def _load(connection: asyncpg.Connection, records: Iterable[Record]) -> dict[JobId, WatchedJob]:
    names = sorted({record.event.job for record in records})
    jobs = await connection.fetch(_FIND_JOBS, names)
    attempts: dict[str, dict[int, WatchedAttempt]] = {row["job"]: {} for row in jobs}
    for row in await connection.fetch(_FIND_ATTEMPTS, list(attempts)):
        attempts[row["job"]][row["attempt"]] = _read_attempt(row)
    return {JobId(row["job"]): WatchedJob(row["deleted_at"], MappingProxyType(attempts[row["job"]])) for row in jobs}


def _read_attempt(row: asyncpg.Record) -> WatchedAttempt:
    end = JobEnded.model_validate_json(row["ended"]) if row["ended"] else None
    return WatchedAttempt(AttemptState(JobStatus(row["reached"]), end), row["progressed_at"], row["ended_at"])


async def _save(
    connection: asyncpg.Connection, before: Mapping[JobId, WatchedJob], changed: Mapping[JobId, WatchedJob]
) -> None:
    deleted = [(name, job.deleted_at) for name, job in changed.items() if job.deleted_at != before[name].deleted_at]
    attempts = [
        (name, number, one.state.reached.value, one.progressed_at, _end_json(one), one.ended_at)
        for name, job in changed.items()
        for number, one in job.attempts.items()
        if one is not before[name].attempts.get(number)
    ]
    await connection.executemany(_SAVE_DELETED, deleted)
    await connection.executemany(_SAVE_ATTEMPT, attempts)


def _end_json(attempt: WatchedAttempt) -> str | None:
    return attempt.state.end.model_dump_json() if attempt.state.end else None
