"""Uploads of a tenant within an hour, counted in the database: exact, whoever asks at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from feuilleton.contracts.ids import TenantId
from feuilleton.database.pool import Database
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.errors import KeyInUseError
from ingest.ports import IdempotencyKey, Lease
from ingest.rate import WINDOW_SECONDS, CountedUpload, RateLimitedError

pytestmark = pytest.mark.servers

ACME, RIVAL = TenantId("acme"), TenantId("rival")
LIMIT = 10


@pytest.fixture
def rows(database: Database) -> PostgresAdmissionStore:
    return PostgresAdmissionStore(database, uploads_per_hour=LIMIT)


@pytest.fixture
async def replica(fresh_database_url: str, database: Database) -> AsyncIterator[PostgresAdmissionStore]:
    """Another process, on connections of its own."""
    made = Database(fresh_database_url, service="another", size=4)
    await made.start()
    yield PostgresAdmissionStore(made, uploads_per_hour=LIMIT)
    await made.stop()


async def lease(rows: PostgresAdmissionStore, key: str, tenant: TenantId = ACME) -> Lease:
    return await rows.lease_key(IdempotencyKey(tenant, "uploads", key))


async def grow_old(database: Database, seconds: float) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE ingest.uploads_begun SET begun_at = begun_at - make_interval(secs => $1)", seconds
        )


async def test_of_many_at_once_over_two_replicas_just_so_many_begin(
    rows: PostgresAdmissionStore, replica: PostgresAdmissionStore
) -> None:
    async def begin(number: int) -> bool:
        asked = rows if number % 2 else replica
        try:
            if number % 3:
                await lease(asked, f"k{number}")
            else:
                await asked.count_upload(ACME)
        except RateLimitedError:
            return False
        return True

    begun = await asyncio.gather(*(begin(number) for number in range(40)))
    assert sum(begun) == LIMIT


async def test_the_rate_is_told_with_each_count_and_its_refusal_says_when(
    rows: PostgresAdmissionStore, database: Database
) -> None:
    first = (await rows.count_upload(ACME)).rate
    assert (first.limit, first.remaining, first.reset_seconds) == (LIMIT, LIMIT - 1, WINDOW_SECONDS)
    assert first.headers["RateLimit-Policy"] == '"uploads";q=10;w=3600'
    assert first.headers["RateLimit"] == '"uploads";r=9;t=3600'
    await grow_old(database, 600)
    for remaining in range(LIMIT - 2, -1, -1):
        rate = (await rows.count_upload(ACME)).rate
        assert rate.remaining == remaining
        assert WINDOW_SECONDS - 610 < rate.reset_seconds <= WINDOW_SECONDS - 600
    with pytest.raises(RateLimitedError) as refused:
        await rows.count_upload(ACME)
    assert WINDOW_SECONDS - 610 < int(refused.value.headers["Retry-After"]) <= WINDOW_SECONDS - 600
    assert refused.value.headers["RateLimit-Remaining"] == "0"


async def test_an_hour_later_they_begin_again_one_by_one(rows: PostgresAdmissionStore, database: Database) -> None:
    await rows.count_upload(ACME)
    await grow_old(database, 1800)
    for _ in range(LIMIT - 1):
        await rows.count_upload(ACME)
    await grow_old(database, 1801)
    await rows.count_upload(ACME)
    with pytest.raises(RateLimitedError):
        await rows.count_upload(ACME)


async def test_a_refused_upload_leaves_its_key_free_and_is_not_counted_itself(
    rows: PostgresAdmissionStore, database: Database
) -> None:
    for _ in range(LIMIT):
        await rows.count_upload(ACME)
    for _ in range(3):
        with pytest.raises(RateLimitedError):
            await lease(rows, "k")
    await grow_old(database, WINDOW_SECONDS + 1)
    assert (await lease(rows, "k")).counted is not None


async def test_a_key_that_is_held_or_bound_counts_nothing(rows: PostgresAdmissionStore, database: Database) -> None:
    await lease(rows, "held")
    for _ in range(LIMIT):
        with pytest.raises(KeyInUseError):
            await lease(rows, "held")
    assert (await rows.count_upload(ACME)).rate.remaining == LIMIT - 2


async def test_a_key_that_was_let_go_counts_again(rows: PostgresAdmissionStore) -> None:
    for _ in range(LIMIT):
        await rows.release_lease(await lease(rows, "tried again"))
    with pytest.raises(RateLimitedError):
        await lease(rows, "tried again")


async def test_a_count_can_be_taken_back(rows: PostgresAdmissionStore) -> None:
    counted: list[CountedUpload] = [await rows.count_upload(ACME) for _ in range(LIMIT)]
    for _ in range(2):
        await rows.uncount_upload(counted[0])
    assert (await rows.count_upload(ACME)).rate.remaining == 0


async def test_tenants_do_not_use_up_each_others_hour(rows: PostgresAdmissionStore) -> None:
    for _ in range(LIMIT):
        await rows.count_upload(ACME)
    assert (await rows.count_upload(RIVAL)).rate.remaining == LIMIT - 1


async def test_a_tenants_own_number_holds_at_once(rows: PostgresAdmissionStore, database: Database) -> None:
    identity = PostgresIdentity(database)
    await identity.add_tenant(ACME, "Acme", 2)
    assert (await rows.count_upload(ACME)).rate.limit == 2
    await rows.count_upload(ACME)
    with pytest.raises(RateLimitedError):
        await rows.count_upload(ACME)
    await identity.change_tenant(ACME, name=None, uploads_per_hour=3)
    await rows.count_upload(ACME)
    await identity.change_tenant(ACME, name=None, uploads_per_hour=0)
    with pytest.raises(RateLimitedError) as refused:
        await rows.count_upload(ACME)
    assert refused.value.headers["Retry-After"] == str(WINDOW_SECONDS)


async def test_old_counts_of_silent_tenants_are_dropped(rows: PostgresAdmissionStore, database: Database) -> None:
    await rows.count_upload(ACME)
    await rows.count_upload(RIVAL)
    await grow_old(database, WINDOW_SECONDS + 1)
    await rows.drop_old_keys()
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM ingest.uploads_begun") == 0
