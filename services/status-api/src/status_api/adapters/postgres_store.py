"""FoldStore of the projection on Postgres: rows, log and offset of a batch in one transaction."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import asyncpg

from feuilleton.contracts.errors import LostInvariantError
from feuilleton.contracts.events import ChunkFinished
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record
from feuilleton.streaming.postgres_folding import FoldedOffsets
from status_api.adapters.rows import (
    ATTEMPT_COLUMNS,
    CHUNK_COLUMNS,
    JOB_COLUMNS,
    Values,
    attempt_values,
    chunk_values,
    job_values,
    read_job,
)
from status_api.projection import Change, Folded, Job, fold_batch

CHANNEL = "feuilleton_projection"
_IDS_PER_NOTICE = 100  # a payload must stay under 8,000 bytes


def _upsert(table: str, columns: str, key: tuple[str, ...]) -> str:
    names = columns.split(", ")
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    conflict = ", ".join(key)
    return (
        f"INSERT INTO projection.{table} ({columns}) VALUES ({places}) "  # noqa: S608 (constants of this module)
        f"ON CONFLICT ({conflict}) DO UPDATE SET {updates}"
    )


_SAVE_JOB = _upsert("jobs", JOB_COLUMNS, ("job",))
_SAVE_ATTEMPT = _upsert("attempts", ATTEMPT_COLUMNS, ("job", "attempt"))
_SAVE_CHUNK = _upsert("chunks", CHUNK_COLUMNS, ("job", "attempt", "index"))
_LOG_CHANGE = """
    INSERT INTO projection.events
        (partition, "offset", job, type, attempt, data, time, status, progress_percent, eta_seconds)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_FIND_JOBS = f"SELECT {JOB_COLUMNS} FROM projection.jobs WHERE job = ANY($1)"  # noqa: S608
_FIND_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM projection.attempts WHERE job = ANY($1)"  # noqa: S608
_FIND_CHUNKS = f"""
    SELECT {CHUNK_COLUMNS} FROM projection.chunks
    JOIN unnest($1::text[], $2::int[], $3::int[]) AS asked (job, attempt, index) USING (job, attempt, index)
"""  # noqa: S608


class PostgresProjection(FoldedOffsets):
    """FoldStore. Two projectors at once are harmless."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "projection.offsets")

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        raise LostInvariantError(
            f"{topic}/{partition} begins again at {offset}, but rows exist beyond it: the log was lost or replaced; "
            "drop the projection schema and migrate"
        )

    async def apply(self, batch: Batch) -> int:
        async with self.turn(batch) as turn:
            if turn.due:
                await _fold(turn.connection, batch.partition, turn.records)
        return turn.next_offset


async def _fold(connection: asyncpg.Connection, partition: int, records: Sequence[Record]) -> None:
    folded = fold_batch(before := await _load(connection, records), records)
    await _save(connection, before, folded)
    await connection.executemany(_LOG_CHANGE, [_change_values(partition, entry) for entry in folded.changes])
    await _notify(connection, list(folded.jobs))


async def _load(connection: asyncpg.Connection, records: Iterable[Record]) -> dict[JobId, Job]:
    """The jobs that the records are about, each with all attempts and the chunks named."""
    names = sorted({record.event.job for record in records})
    keys = sorted(
        {(r.event.job, r.event.attempt, r.event.index) for r in records if isinstance(r.event, ChunkFinished)}
    )
    jobs = await connection.fetch(_FIND_JOBS, names)
    attempts = _by_job(await connection.fetch(_FIND_ATTEMPTS, names))
    columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], []]
    chunks = _by_job(await connection.fetch(_FIND_CHUNKS, *columns))
    return {JobId(row["job"]): read_job(row, attempts[row["job"]], chunks[row["job"]]) for row in jobs}


def _by_job(rows: Iterable[asyncpg.Record]) -> dict[str, list[asyncpg.Record]]:
    groups: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        groups[row["job"]].append(row)
    return groups


async def _save(connection: asyncpg.Connection, before: Mapping[JobId, Job], folded: Folded) -> None:
    attempts: list[Values] = []
    chunks: list[Values] = []
    for name, job in folded.jobs.items():
        known = before.get(name, Job(name))
        attempts += [attempt_values(name, n, a) for n, a in job.attempts.items() if a is not known.attempts.get(n)]
        chunks += [chunk_values(name, key, c) for key, c in job.chunks.items() if c is not known.chunks.get(key)]
    await connection.executemany(_SAVE_JOB, [job_values(job) for job in folded.jobs.values()])
    await connection.executemany(_SAVE_ATTEMPT, attempts)
    await connection.executemany(_SAVE_CHUNK, chunks)


def _change_values(partition: int, change: Change) -> Values:
    event = change.event
    return (
        partition,
        change.offset,
        event.job,
        event.type,
        event.attempt,
        event.model_dump_json(),
        change.time,
        change.status.value,
        change.progress_percent,
        change.eta_seconds,
    )


async def _notify(connection: asyncpg.Connection, jobs: list[JobId]) -> None:
    """Wake the API's streams when the transaction commits."""
    for first in range(0, len(jobs), _IDS_PER_NOTICE):
        payload = json.dumps(jobs[first : first + _IDS_PER_NOTICE])
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
