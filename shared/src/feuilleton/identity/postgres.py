"""KeyDirectory on Postgres. It sees of ingest's schema one view, `ingest.key_hashes`, and one function."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import exceptions as pg

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.ids import TenantId
from feuilleton.database.pool import Database
from feuilleton.identity.keys import KeysUnavailableError, KnownKey
from feuilleton.identity.principal import Role, Scope

_FIND = "SELECT id, tenant, role, scopes, expires_at FROM ingest.key_hashes WHERE digest = $1"
_CHECK = "SELECT FROM ingest.key_hashes LIMIT 0"
_NOT_MIGRATED = (
    pg.UndefinedTableError,
    pg.UndefinedFunctionError,
    pg.InvalidSchemaNameError,
    pg.InvalidCatalogNameError,
    pg.InvalidCachedStatementError,
)


class PostgresKeys:
    """KeyDirectory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: bytes) -> KnownKey | None:
        with _told():
            async with self._database.connection() as connection:
                row = await connection.fetchrow(_FIND, digest)
        if row is None:
            return None
        # A scope of a newer version gives nothing here.
        scopes = frozenset(scope for scope in Scope if scope.value in row["scopes"])
        return KnownKey(row["id"], TenantId(row["tenant"]), Role(row["role"]), scopes, row["expires_at"])

    async def note_use(self, key_id: str) -> None:
        with _told():
            async with self._database.connection() as connection:
                await connection.execute("SELECT ingest.note_key_use($1)", key_id)

    async def check(self) -> None:
        with _told():
            async with self._database.connection() as connection:
                await connection.execute(_CHECK)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DatabaseUnavailableError as exc:
        raise KeysUnavailableError(exc.detail) from exc
    except _NOT_MIGRATED as exc:
        raise KeysUnavailableError(f"not migrated: {type(exc).__name__}") from exc
