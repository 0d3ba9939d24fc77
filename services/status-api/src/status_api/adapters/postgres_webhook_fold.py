"""FoldStore of webhooks on Postgres: states of jobs, deliveries to be made and the offset in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import asyncpg

from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_state import JobState
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record
from feuilleton.streaming.postgres_folding import FoldedOffsets
from status_api.adapters.webhook_rows import (
    ENDPOINT_COLUMNS,
    JOB_COLUMNS,
    QUEUE,
    attempts_json,
    delivery_values,
    read_endpoint,
    read_state,
)
from status_api.webhooks.events import Told, fold_told

_FIND_JOBS = f"SELECT {JOB_COLUMNS} FROM status.webhook_jobs WHERE job = ANY($1)"  # noqa: S608 (constants of ours)
_SAVE_JOB = """
    INSERT INTO status.webhook_jobs (job, accepted, deleted, attempts, moved_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (job) DO UPDATE SET accepted = excluded.accepted, deleted = excluded.deleted,
        attempts = excluded.attempts, moved_at = excluded.moved_at
"""
# Locked against being removed, so that a delivery never misses its endpoint.
_FIND_ENDPOINTS = f"""
    SELECT {ENDPOINT_COLUMNS} FROM status.webhooks WHERE tenant = ANY($1) ORDER BY id FOR KEY SHARE
"""  # noqa: S608


class PostgresWebhookFold(FoldedOffsets):
    """FoldStore. Two folders of one partition are harmless. What was told is told once, also from a log made anew."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        super().__init__(database, "status.webhook_offsets")
        self._clock = clock

    async def apply(self, batch: Batch) -> int:
        async with self.turn(batch) as turn:
            if turn.due:
                changed, told = fold_told(await _load(turn.connection, turn.records), turn.records)
                await _save(turn.connection, changed, turn.records)
                await self._queue(turn.connection, told)
        return turn.next_offset

    async def _queue(self, connection: asyncpg.Connection, told: Iterable[Told]) -> None:
        messages = tuple(told)
        if not messages:
            return
        rows = await connection.fetch(_FIND_ENDPOINTS, sorted({message.tenant for message in messages}))
        endpoints = [read_endpoint(row) for row in rows]
        now = self._clock()
        wanted = [(endpoint, message) for message in messages for endpoint in endpoints if endpoint.is_for(message)]
        if wanted:
            values = [delivery_values(endpoint.id, message, now) for endpoint, message in wanted]
            await connection.executemany(QUEUE, values)


async def _load(connection: asyncpg.Connection, records: Iterable[Record]) -> dict[JobId, JobState]:
    rows = await connection.fetch(_FIND_JOBS, sorted({record.event.job for record in records}))
    return {JobId(row["job"]): read_state(row) for row in rows}


async def _save(connection: asyncpg.Connection, changed: Mapping[JobId, JobState], records: Iterable[Record]) -> None:
    times = {record.event.job: record.time for record in records}
    values = [
        (job, state.accepted, state.deleted, attempts_json(state), times[job]) for job, state in sorted(changed.items())
    ]
    await connection.executemany(_SAVE_JOB, values)
