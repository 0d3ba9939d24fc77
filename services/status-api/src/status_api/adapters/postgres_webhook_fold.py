"""FoldStore of webhooks on Postgres: states of jobs, deliveries to be made and the offset in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import asyncpg

from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_state import JobState
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record
from status_api.adapters.database import projection_errors
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

_POSITIONS = "SELECT partition, next_offset FROM status.webhook_offsets WHERE topic = $1"
_LOCK_OFFSET = """
    INSERT INTO status.webhook_offsets (topic, partition, next_offset) VALUES ($1, $2, 0)
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = webhook_offsets.next_offset
    RETURNING next_offset
"""
_MOVE_OFFSET = "UPDATE status.webhook_offsets SET next_offset = $3 WHERE topic = $1 AND partition = $2"
_RAISE_OFFSET = """
    INSERT INTO status.webhook_offsets (topic, partition, next_offset) VALUES ($1, $2, $3)
    ON CONFLICT (topic, partition)
    DO UPDATE SET next_offset = greatest(webhook_offsets.next_offset, excluded.next_offset)
"""
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


class PostgresWebhookFold:
    """FoldStore. Two folders of one partition are harmless: the row of its offset is the lock."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def positions(self, topic: str) -> Mapping[int, int]:
        with projection_errors():
            async with self._database.connection() as connection:
                rows = await connection.fetch(_POSITIONS, topic)
        return {row["partition"]: row["next_offset"] for row in rows}

    async def raise_position(self, topic: str, partition: int, offset: int) -> None:
        with projection_errors():
            async with self._database.connection() as connection:
                await connection.execute(_RAISE_OFFSET, topic, partition, offset)

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        """What was told is told once, so a log that was made anew is folded from where it begins."""
        with projection_errors():
            async with self._database.connection() as connection:
                await connection.execute(_MOVE_OFFSET, topic, partition, offset)

    async def apply(self, batch: Batch) -> int:
        with projection_errors():
            async with self._database.transaction() as connection:
                stored: int = await connection.fetchval(_LOCK_OFFSET, batch.topic, batch.partition)
                if stored < batch.start or stored >= batch.next_offset:
                    return stored
                records = [record for record in batch.records if record.offset >= stored]
                changed, told = fold_told(await _load(connection, records), records)
                await _save(connection, changed, records)
                await self._queue(connection, told)
                await connection.execute(_MOVE_OFFSET, batch.topic, batch.partition, batch.next_offset)
                return batch.next_offset

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
