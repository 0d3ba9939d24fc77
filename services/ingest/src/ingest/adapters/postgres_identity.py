"""IdentityStore on Postgres. Contract: `ingest.identity.IdentityStore`."""

import re
from collections.abc import Sequence

import asyncpg

from feuilleton.contracts.ids import TenantId
from feuilleton.database.pool import Database
from feuilleton.identity.principal import Role, Scope, is_tenant
from ingest.identity import (
    ApiKey,
    InvalidKeyCursorError,
    KeyNotFoundError,
    KeyPage,
    NewKeyRow,
    Tenant,
    TenantExistsError,
    TenantNotFoundError,
    TooManyKeysError,
)

_KEY_ID = re.compile(r"[0-9a-f]{32}")
_TENANT = "tenant, name, uploads_per_hour, retention_days, share, created_at"
_KEY = "id, tenant, name, hint, role, scopes, created_at, created_by, expires_at, last_used_at, revoked_at"

_ADD_TENANT = f"""
INSERT INTO ingest.tenants (tenant, name, uploads_per_hour, retention_days, share) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING {_TENANT}
"""  # noqa: S608 (constants of this module)
_CHANGE_TENANT = f"""
UPDATE ingest.tenants SET name = coalesce($2, name), uploads_per_hour = coalesce($3, uploads_per_hour),
    retention_days = coalesce($4, retention_days), share = coalesce($5, share)
WHERE tenant = $1 RETURNING {_TENANT}
"""  # noqa: S608
_LIST_TENANTS = f"SELECT {_TENANT} FROM ingest.tenants WHERE tenant > $1 ORDER BY tenant LIMIT $2"  # noqa: S608
# The tenant's row is the lock: keys of one tenant are counted one after another.
_LOCK_TENANT = "SELECT tenant FROM ingest.tenants WHERE tenant = $1 FOR NO KEY UPDATE"
_COUNT_KEYS = "SELECT count(*) FROM ingest.api_keys WHERE tenant = $1 AND revoked_at IS NULL"
_ADD_KEY = f"""
INSERT INTO ingest.api_keys (id, tenant, name, hint, digest, role, scopes, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_KEY}
"""  # noqa: S608
_FIND_KEY = f"SELECT {_KEY} FROM ingest.api_keys WHERE id = $1"  # noqa: S608
_LIST_KEYS = f"""
SELECT {_KEY} FROM ingest.api_keys
WHERE tenant = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
ORDER BY created_at DESC, id DESC LIMIT $4
"""  # noqa: S608
_REVOKE = "UPDATE ingest.api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL"


class PostgresIdentity:
    """IdentityStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_tenant(
        self,
        tenant: TenantId,
        name: str,
        uploads_per_hour: int | None,
        retention_days: int | None = None,
        share: int | None = None,
    ) -> Tenant:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_ADD_TENANT, tenant, name, uploads_per_hour, retention_days, share)
        if row is None:
            raise TenantExistsError("there is such a tenant already")
        return _tenant(row)

    async def change_tenant(
        self,
        tenant: TenantId,
        *,
        name: str | None,
        uploads_per_hour: int | None,
        retention_days: int | None = None,
        share: int | None = None,
    ) -> Tenant:
        row = None
        if is_tenant(tenant):
            async with self._database.connection() as connection:
                row = await connection.fetchrow(_CHANGE_TENANT, tenant, name, uploads_per_hour, retention_days, share)
        if row is None:
            raise TenantNotFoundError("there is no such tenant")
        return _tenant(row)

    async def list_tenants(self, *, after: str, limit: int) -> Sequence[Tenant]:
        async with self._database.connection() as connection:
            return [_tenant(row) for row in await connection.fetch(_LIST_TENANTS, after, limit)]

    async def add_key(self, row: NewKeyRow, *, limit: int) -> ApiKey:
        wanted = row.wanted
        async with self._database.transaction() as connection:
            if await connection.fetchval(_LOCK_TENANT, wanted.tenant) is None:
                raise TenantNotFoundError("there is no such tenant")
            if await connection.fetchval(_COUNT_KEYS, wanted.tenant) >= limit:
                raise TooManyKeysError(f"the tenant has {limit} keys: revoke some first")
            scopes = sorted(scope.value for scope in wanted.scopes)
            made = await connection.fetchrow(
                _ADD_KEY,
                row.id,
                wanted.tenant,
                wanted.name,
                row.hint,
                row.digest,
                wanted.role.value,
                scopes,
                row.created_by,
                wanted.expires_at,
            )
        return _key(made)

    async def find_key(self, key_id: str) -> ApiKey:
        row = None
        if _KEY_ID.fullmatch(key_id):
            async with self._database.connection() as connection:
                row = await connection.fetchrow(_FIND_KEY, key_id)
        if row is None:
            raise KeyNotFoundError("there is no such key")
        return _key(row)

    async def list_keys(self, tenant: TenantId, *, before: str | None, limit: int) -> KeyPage:
        since = None
        async with self._database.connection() as connection:
            if before is not None:
                last = await connection.fetchrow(_FIND_KEY, before) if _KEY_ID.fullmatch(before) else None
                if last is None or last["tenant"] != tenant:
                    raise InvalidKeyCursorError("the cursor is not of this list")
                since = last["created_at"]
            rows = await connection.fetch(_LIST_KEYS, tenant, since, before, limit + 1)
        return KeyPage(tuple(_key(row) for row in rows[:limit]), len(rows) > limit)

    async def revoke_key(self, key_id: str) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_REVOKE, key_id)


def _tenant(row: asyncpg.Record) -> Tenant:
    numbers = (row["uploads_per_hour"], row["retention_days"], row["share"])
    return Tenant(TenantId(row["tenant"]), row["name"], *numbers, row["created_at"])


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        id=row["id"],
        tenant=TenantId(row["tenant"]),
        name=row["name"],
        hint=row["hint"],
        role=Role(row["role"]),
        scopes=frozenset(scope for scope in Scope if scope.value in row["scopes"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
