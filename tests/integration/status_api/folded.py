"""Lives of many jobs, and the rows that projectors fold of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from feuilleton.contracts.events import ChunkOutcome, EventData, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record
from feuilleton.streaming.kafka import partition_for
from status_api import bootstrap
from status_api.adapters.postgres_store import PostgresProjection
from tests.integration.status_api.conftest import World
from tests.unit.status_api.story import a_story


async def fold_rows(world: World, *events: EventData, first: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
    """Fold events as if they stood in partition 0 behind what is folded, an hour apart, without any broker."""
    database = Database(world.database_url, service="tests")
    await database.start()
    try:
        store = PostgresProjection(database)
        start = (await store.positions(JOB_EVENTS.name)).get(0, 0)
        records = tuple(Record(start + n, first + timedelta(hours=start + n), event) for n, event in enumerate(events))
        stop = start + len(events)
        assert await store.apply(Batch(JOB_EVENTS.name, 0, start, stop, records)) == stop
    finally:
        await database.stop()


TABLES = ("jobs", "attempts", "chunks", "events", "offsets")
# What a rebuild has passed by now, `rebuilt_until`, is of the past: it says nothing below the next offset.
_ROWS = {
    **{table: f"TABLE projection.{table}" for table in TABLES},
    "offsets": "SELECT topic, partition, next_offset, rebuilt_until > next_offset AS behind FROM projection.offsets",
}


async def rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the projection."""
    connection = await asyncpg.connect(world.database_url)
    try:
        return {
            table: sorted((tuple(row) for row in await connection.fetch(query)), key=repr)
            for table, query in _ROWS.items()
        }
    finally:
        await connection.close()


async def rows_folded_anew(world: World, group: str = bootstrap.GROUP) -> dict[str, list[tuple[Any, ...]]]:
    """Every row, after the projection was dropped and folded again from the whole log."""
    await world.drop_projection()
    async with world.projector(group):
        await until_folded(world)
        return await rows(world)


async def until_folded(world: World) -> None:
    """Wait until the rows have passed all that is in the log now: a read barrier for each partition."""
    settings = world.api_settings.model_copy(update={"barrier_seconds": 30.0})
    async with bootstrap.api_parts(settings) as parts:
        for partition in range(JOB_EVENTS.partitions):
            await parts.access._barrier.pass_for(JobId(key_of(partition)))


def key_of(partition: int) -> str:
    keys = (f"key-{number}" for number in range(10_000))
    return next(key for key in keys if partition_for(key.encode(), JOB_EVENTS.partitions) == partition)


def lives(count: int) -> list[EventData]:
    """Events of many jobs, interleaved, with doubles, late ends, second attempts and a deletion."""
    stories = [a_story(chunks=4) for _ in range(count)]
    deleted = [*stories[0].whole(), stories[0].deleted()]
    again = [*stories[1].whole(), stories[1].ended(outcome=Outcome.FAILED), *stories[1].whole(attempt=2)]
    healed = [*stories[2].whole()[:3], stories[2].finished(0, outcome=ChunkOutcome.FAILED), *stories[2].of_merger()]
    others = [[event for event in story.whole() for _ in range(2)] for story in stories[3:]]
    queues = [deleted, again, healed, *others]
    return [queue[n] for n in range(max(map(len, queues))) for queue in queues if n < len(queue)]
