"""Keys at the status API, which sees of ingest's schema one view and one function, or nothing yet."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

import ingest
from feuilleton.contracts.ids import TenantId
from feuilleton.database.migrations import migrate
from feuilleton.database.pool import Database
from feuilleton.identity.key_text import key_digest, new_key
from feuilleton.identity.principal import ALL_SCOPES, Role
from feuilleton_local.ports import LOOPBACK
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.identity import NewKeyRow, WantedKey
from status_api import bootstrap
from status_api.adapters.database import SCRIPTS
from tests.integration.status_api.conftest import World, a_client, serving
from tests.unit.identity.provider import AUDIENCE, providing

pytestmark = pytest.mark.servers

MIGRATIONS_OF_INGEST = Path(str(ingest.__file__)).parent / "migrations"


@pytest.fixture
def world(fresh_database_url: str, object_store_url: str) -> World:
    """Nothing is migrated, and no broker answers: lists of jobs need none."""
    return World(f"{LOOPBACK}:1", "", fresh_database_url, object_store_url)


@asynccontextmanager
async def api_of(world: World) -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(bootstrap.api_parts(world.api_settings))
        yield await stack.enter_async_context(serving(parts))


async def migrate_own(world: World) -> None:
    for schema, scripts in SCRIPTS.items():
        await migrate(world.database_url, schema=schema, scripts=scripts)


async def make_key(world: World, tenant: str) -> str:
    database = Database(world.database_url, service="tests", size=1)
    await database.start()
    try:
        text, identity = new_key(), PostgresIdentity(database)
        await identity.add_tenant(TenantId(tenant), tenant, None)
        wanted = WantedKey(TenantId(tenant), "a key", Role.USER, ALL_SCOPES, None)
        await identity.add_key(NewKeyRow(tenant.rjust(32, "0"), wanted, "fk_", key_digest(text), "tests"), limit=1)
        return text
    finally:
        await database.stop()


async def status_of(address: str, key: str) -> tuple[int, str]:
    async with a_client(address, key=key) as client:
        answer = await client.get("/v1/jobs")
    return answer.status_code, answer.json().get("code", "")


async def test_before_ingest_is_migrated_keys_wait_and_the_bootstrap_key_works(world: World) -> None:
    await migrate_own(world)
    text = new_key()
    async with api_of(world) as address:
        async with a_client(address) as operator:
            assert (await operator.get("/v1/jobs")).status_code == 200
        assert await status_of(address, text) == (503, "keys_unavailable")
        async with httpx.AsyncClient(base_url=address) as nobody:
            ready = await nobody.get("/readyz")
        assert ready.status_code == 503
        assert "api_keys" in ready.json()["missing"]
        await migrate(world.database_url, schema="ingest", scripts=MIGRATIONS_OF_INGEST)
        assert await status_of(address, text) == (401, "unauthenticated")
        assert await status_of(address, await make_key(world, "ac")) == (200, "")
        async with httpx.AsyncClient(base_url=address) as nobody:
            assert "api_keys" not in (await nobody.get("/readyz")).json()["missing"]


async def test_a_token_of_the_provider_that_is_set_comes_in_for_its_tenant(world: World) -> None:
    await world.migrate()
    with providing() as provider:
        provider.add_key("one")
        named = {"oidc_issuer": provider.url, "oidc_audience": AUDIENCE}
        settings = world.api_settings.model_copy(update=named)
        async with bootstrap.api_parts(settings) as parts, serving(parts) as address:
            assert await status_of(address, provider.token()) == (200, "")
            assert await status_of(address, provider.token(aud="another")) == (401, "unauthenticated")
            assert await status_of(address, provider.token(tenant=None)) == (403, "forbidden")
        provider.status = 500
        async with bootstrap.api_parts(settings) as parts, serving(parts) as address:
            assert await status_of(address, provider.token()) == (503, "keys_unavailable")


async def test_the_service_needs_no_more_than_the_view_and_the_function(world: World) -> None:
    """As a database role has it that may do nothing else in ingest's schema."""
    await migrate_own(world)
    await migrate(world.database_url, schema="ingest", scripts=MIGRATIONS_OF_INGEST)
    text = await make_key(world, "ac")
    database = Database(world.database_url, service="tests", size=1)
    await database.start()
    role = f"narrow_{abs(hash(world.database_url)) % 10**9}"
    async with database.connection() as connection:
        for statement in (
            f"CREATE ROLE {role}",
            f"GRANT USAGE ON SCHEMA ingest TO {role}",
            f"GRANT SELECT ON ingest.key_hashes TO {role}",
            f"SET ROLE {role}",
        ):
            await connection.execute(statement)
        try:
            found = await connection.fetch("SELECT * FROM ingest.key_hashes WHERE digest = $1", key_digest(text))
            await connection.execute("SELECT ingest.note_key_use($1)", found[0]["id"])
            assert set(found[0].keys()) == {"id", "tenant", "digest", "role", "scopes", "expires_at"}
            with pytest.raises(Exception, match="permission denied"):
                await connection.fetch("SELECT * FROM ingest.api_keys")
        finally:
            for statement in ("RESET ROLE", f"DROP OWNED BY {role}", f"DROP ROLE {role}"):
                await connection.execute(statement)
        assert await connection.fetchval("SELECT last_used_at IS NOT NULL FROM ingest.api_keys")
    await database.stop()
