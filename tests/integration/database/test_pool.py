"""The pool of connections against the real server: bounded, recycled, and with limits of its own on what waits."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.database import pool
from feuilleton.database.pool import Database

pytestmark = pytest.mark.servers

SIZE = 3
_OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"


@pytest.fixture
def service(new_name: Callable[[str], str]) -> str:
    return new_name("pool")


@pytest.fixture
async def database(database_url: str, service: str) -> AsyncIterator[Database]:
    made = Database(database_url, service=service, size=SIZE)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def beside(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is not of the pool."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_more_callers_than_connections_wait_their_turn(
    database: Database, beside: asyncpg.Connection, service: str
) -> None:
    most = 0

    async def work() -> None:
        nonlocal most
        async with database.transaction() as connection:
            most = max(most, await connection.fetchval(_OURS, service))
            await connection.execute("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(work() for _ in range(20)))
    assert 1 < most <= SIZE
    assert await beside.fetchval(_OURS, service) <= SIZE


async def test_a_caller_that_gets_no_connection_is_told_in_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "ACQUIRE_TIMEOUT_SECONDS", 0.2)
    async with database.connection(), database.connection(), database.connection():
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailableError):
            await database.check()
        assert time.monotonic() - started < 2
    await database.check()


async def test_connections_that_idle_are_closed_and_made_anew(
    database_url: str, beside: asyncpg.Connection, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_IDLE_SECONDS", 0.2)
    database = Database(database_url, service=service, size=SIZE)
    await database.start()
    await asyncio.gather(*(database.check() for _ in range(SIZE)))
    deadline = time.monotonic() + 10
    while await beside.fetchval(_OURS, service):
        assert time.monotonic() < deadline, "an idle connection stays"
        await asyncio.sleep(0.1)
    await database.check()
    await database.stop()


async def test_connections_that_the_server_closed_are_replaced(
    database: Database, beside: asyncpg.Connection, service: str
) -> None:
    await asyncio.gather(*(database.check() for _ in range(SIZE)))
    await beside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", service)
    answered = 0
    for _ in range(2 * SIZE):
        try:
            await database.check()
            answered += 1
        except DatabaseUnavailableError:
            continue
    assert answered >= SIZE
    await database.check()


async def test_every_session_has_its_limits(database: Database) -> None:
    async with database.connection() as connection:
        limits = {
            name: await connection.fetchval(f"SHOW {name}")
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        }
    assert limits == {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
    }


async def overrun(database: Database, limit: str) -> None:
    """Do what the limit is against, with the limit at 0.1 s."""
    async with database.transaction() as connection:
        await connection.execute(f"SET LOCAL {limit} = 100")
        if limit == "idle_in_transaction_session_timeout":
            await asyncio.sleep(0.5)
        await connection.execute("SELECT count(*) FROM held" if limit == "lock_timeout" else "SELECT pg_sleep(2)")


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
async def test_what_is_over_a_limit_is_an_outage_and_the_pool_serves_on(
    database: Database, beside: asyncpg.Connection, limit: str
) -> None:
    await beside.execute("CREATE TABLE IF NOT EXISTS held (id int)")
    async with beside.transaction():
        await beside.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailableError):
            await overrun(database, limit)
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM held") == 0
        assert await connection.fetchval(f"SHOW {limit}") != "100ms"
