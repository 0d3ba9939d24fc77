"""One suite for every KeyDirectory: memory (the fake of unit tests) and Postgres, as ingest's schema has it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

import ingest
from feuilleton.contracts.ids import TenantId
from feuilleton.database.migrations import migrate
from feuilleton.database.pool import Database
from feuilleton.identity.keys import KeyDirectory, KeysUnavailableError, KnownKey
from feuilleton.identity.memory import MemoryKeys
from feuilleton.identity.postgres import PostgresKeys
from feuilleton.identity.principal import ALL_SCOPES, Role, Scope
from feuilleton_local.ports import LOOPBACK
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.identity import NewKeyRow, WantedKey

pytestmark = pytest.mark.servers

ACME = TenantId("acme")
DIGEST, OTHER = b"d" * 32, b"o" * 32
KEY = KnownKey("0" * 32, ACME, Role.ADMIN, ALL_SCOPES, None)


class Desk(Protocol):
    """What a test does behind the directory's back."""

    @property
    def directory(self) -> KeyDirectory: ...

    async def add(self, key: KnownKey, digest: bytes) -> None: ...
    async def revoke(self, digest: bytes) -> None: ...
    async def used_at(self, key_id: str) -> datetime | None: ...
    async def age_use(self, key_id: str, seconds: float) -> None: ...


class MemoryDesk:
    def __init__(self) -> None:
        self.directory = MemoryKeys()

    async def add(self, key: KnownKey, digest: bytes) -> None:
        self.directory.keys[digest] = key

    async def revoke(self, digest: bytes) -> None:
        del self.directory.keys[digest]

    async def used_at(self, key_id: str) -> datetime | None:
        return self.directory.used_at.get(key_id)

    async def age_use(self, key_id: str, seconds: float) -> None:
        self.directory.used_at[key_id] -= timedelta(seconds=seconds)


class PostgresDesk:
    def __init__(self, database: Database) -> None:
        self.directory = PostgresKeys(database)
        self._database = database
        self._identity = PostgresIdentity(database)

    async def add(self, key: KnownKey, digest: bytes) -> None:
        wanted = WantedKey(key.tenant, "a key", key.role, key.scopes, key.expires_at)
        await self._identity.add_key(NewKeyRow(key.id, wanted, "fk_1", digest, "tests"), limit=10)

    async def revoke(self, digest: bytes) -> None:
        key = await self.directory.find(digest)
        assert key is not None
        await self._identity.revoke_key(key.id)

    async def used_at(self, key_id: str) -> datetime | None:
        return (await self._identity.find_key(key_id)).last_used_at

    async def age_use(self, key_id: str, seconds: float) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                "UPDATE ingest.api_keys SET last_used_at = last_used_at - make_interval(secs => $2) WHERE id = $1",
                key_id,
                seconds,
            )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    database = Database(url, service="tests", size=4)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@pytest.fixture(params=["memory", "postgres"])
def database_of_case(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("fresh_database_url") if request.param == "postgres" else None


@pytest.fixture
async def desk(database_of_case: str | None) -> AsyncIterator[Desk]:
    url = database_of_case
    if url is None:
        yield MemoryDesk()
        return
    await migrate(url, schema="ingest", scripts=Path(str(ingest.__file__)).parent / "migrations")
    async with connected(url) as database:
        await PostgresIdentity(database).add_tenant(ACME, "Acme", None)
        yield PostgresDesk(database)


async def test_a_key_is_found_by_its_digest_alone(desk: Desk) -> None:
    await desk.add(KEY, DIGEST)
    assert await desk.directory.find(DIGEST) == KEY
    assert await desk.directory.find(OTHER) is None
    assert await desk.directory.find(b"") is None


async def test_role_scopes_and_expiry_come_back_as_they_were(desk: Desk) -> None:
    ends = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
    key = replace(KEY, role=Role.USER, scopes=frozenset({Scope.READ}), expires_at=ends)
    await desk.add(key, DIGEST)
    assert await desk.directory.find(DIGEST) == key


async def test_a_revoked_key_is_not_found(desk: Desk) -> None:
    await desk.add(KEY, DIGEST)
    await desk.revoke(DIGEST)
    assert await desk.directory.find(DIGEST) is None


async def test_a_use_is_written_once_a_minute_at_most(desk: Desk) -> None:
    await desk.add(KEY, DIGEST)
    assert await desk.used_at(KEY.id) is None
    await desk.directory.note_use(KEY.id)
    first = await desk.used_at(KEY.id)
    assert first is not None
    await desk.age_use(KEY.id, 50)
    aged = await desk.used_at(KEY.id)
    await desk.directory.note_use(KEY.id)
    assert await desk.used_at(KEY.id) == aged
    await desk.age_use(KEY.id, 11)
    await desk.directory.note_use(KEY.id)
    last = await desk.used_at(KEY.id)
    assert last is not None
    assert last >= first


async def test_a_use_of_an_unknown_key_changes_nothing(desk: Desk) -> None:
    await desk.add(KEY, DIGEST)
    await desk.directory.note_use("f" * 32)
    assert await desk.used_at(KEY.id) is None
    await desk.directory.check()


async def _refuses(directory: KeyDirectory) -> None:
    with pytest.raises(KeysUnavailableError):
        await directory.find(DIGEST)
    with pytest.raises(KeysUnavailableError):
        await directory.note_use(KEY.id)
    with pytest.raises(KeysUnavailableError):
        await directory.check()


async def test_a_directory_that_is_away_says_so_to_every_question() -> None:
    memory = MemoryKeys()
    memory.away = True
    await _refuses(memory)
    async with connected(f"postgresql://nobody@{LOOPBACK}:1/none") as database:
        await _refuses(PostgresKeys(database))


async def test_a_schema_that_is_not_there_yet_is_an_outage_and_no_open_door(fresh_database_url: str) -> None:
    """As when status-api starts before ingest's migration."""
    async with connected(fresh_database_url) as database:
        await _refuses(PostgresKeys(database))
        await migrate(fresh_database_url, schema="ingest", scripts=Path(str(ingest.__file__)).parent / "migrations")
        await PostgresKeys(database).check()
        assert await PostgresKeys(database).find(DIGEST) is None
