"""The port ProjectionStore on Postgres: batches that overlap, lag behind or cannot be stored."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.events import EventData
from feuilleton.database.pool import Database
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton.streaming.folding import Batch, Record, UnstorableError
from status_api.adapters.postgres_reader import PostgresReader
from status_api.adapters.postgres_store import PostgresProjection
from status_api.projection import Job
from tests.integration.status_api.conftest import World
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers

TOPIC = "job-events"
STORY = a_story(chunks=3)


@pytest.fixture
async def database(world: World) -> AsyncIterator[Database]:
    made = Database(world.database_url, service="tests")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def store(database: Database) -> PostgresProjection:
    return PostgresProjection(database)


def a_batch(start: int, stop: int, events: Sequence[EventData] = STORY.whole()) -> Batch:
    """Events [start, stop) at offsets of the same numbers."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    records = [Record(n, first + timedelta(seconds=n), events[n]) for n in range(start, stop)]
    return Batch(TOPIC, 0, start, stop, tuple(records))


async def the_job(database: Database) -> Job | None:
    return await PostgresReader(database).find_job(DEFAULT_TENANT, STORY.job)


async def test_a_batch_that_overlaps_what_is_folded_adds_only_the_rest(
    store: PostgresProjection, database: Database
) -> None:
    assert await store.apply(a_batch(0, 5)) == 5
    assert await store.apply(a_batch(0, 8)) == 8
    page = await PostgresReader(database).changes(DEFAULT_TENANT, STORY.job, after=-1, limit=100)
    assert [change.offset for change in page.changes] == list(range(8))
    assert page.job is not None
    assert page.job.attempts[1].cards == 12


async def test_a_batch_that_is_folded_already_changes_nothing(store: PostgresProjection, database: Database) -> None:
    await store.apply(a_batch(0, 5))
    before = await the_job(database)
    assert await store.apply(a_batch(0, 5)) == 5
    assert await store.apply(a_batch(2, 4)) == 5
    assert await the_job(database) == before


async def test_a_batch_beyond_the_rows_is_refused_with_the_place_to_go_on_from(
    store: PostgresProjection, database: Database
) -> None:
    await store.apply(a_batch(0, 2))
    assert await store.apply(a_batch(4, 6)) == 2
    assert await store.positions(TOPIC) == {0: 2}


async def test_records_passed_over_move_the_place_all_the_same(store: PostgresProjection) -> None:
    assert await store.apply(Batch(TOPIC, 0, 0, 7, ())) == 7
    assert await store.positions(TOPIC) == {0: 7}


async def test_what_cannot_be_stored_changes_nothing_of_its_batch(
    store: PostgresProjection, database: Database
) -> None:
    events = [STORY.accepted(), STORY.split().model_copy(update={"chapters": 2**40})]
    with pytest.raises(UnstorableError):
        await store.apply(a_batch(0, 2, events))
    assert await the_job(database) is None
    assert (await store.positions(TOPIC)).get(0, 0) == 0


async def test_a_place_is_raised_and_never_lowered(store: PostgresProjection) -> None:
    await store.raise_position(TOPIC, 3, 10)
    await store.raise_position(TOPIC, 3, 4)
    assert await store.positions(TOPIC) == {3: 10}


async def test_without_its_schema_the_projection_is_unavailable(
    store: PostgresProjection, database: Database, world: World
) -> None:
    await store.apply(a_batch(0, 1))
    await world.drop_schema()
    with pytest.raises(DatabaseUnavailableError):
        await store.apply(a_batch(1, 2))
    with pytest.raises(DatabaseUnavailableError):
        await the_job(database)
    await world.migrate()
    assert await store.apply(a_batch(0, 2)) == 2
