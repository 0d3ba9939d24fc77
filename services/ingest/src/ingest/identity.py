"""Tenants and their API keys: what ingest keeps of them, and who may make, see and revoke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import structlog

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.ids import TenantId
from feuilleton.identity.key_text import key_digest, key_hint, new_key
from feuilleton.identity.principal import ForbiddenError, Principal, Role, Scope

KEYS_LIMIT = 200
"""Keys of one tenant that are not revoked."""
log = structlog.get_logger(__name__)


class TenantNotFoundError(InvalidInputError):
    """No such tenant, or one that the caller has no business with."""

    code = "tenant_not_found"


class TenantExistsError(InvalidInputError):
    code = "tenant_exists"


class KeyNotFoundError(InvalidInputError):
    """No such key, or another tenant's: the two look the same."""

    code = "key_not_found"


class TooManyKeysError(InvalidInputError):
    code = "too_many_keys"


class InvalidKeyCursorError(InvalidInputError):
    code = "invalid_cursor"


@dataclass(frozen=True)
class Tenant:
    """`uploads_per_hour` and `retention_days` are None where the deployment's own number holds, `share` where it is 1:
    how many chunks in a row extractors take of a job of its.
    """

    tenant: TenantId
    name: str
    uploads_per_hour: int | None
    retention_days: int | None
    share: int | None
    created_at: datetime


@dataclass(frozen=True)
class WantedKey:
    tenant: TenantId
    name: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime | None


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret. `hint` is its beginning; `created_by` the id of the credential that made it."""

    id: str
    tenant: TenantId
    name: str
    hint: str
    role: Role
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class KeyPage:
    keys: tuple[ApiKey, ...]
    more: bool


@dataclass(frozen=True)
class NewKeyRow:
    """What is stored of a new key."""

    id: str
    wanted: WantedKey
    hint: str
    digest: bytes
    created_by: str


class IdentityStore(Protocol):
    """Raises DatabaseUnavailableError from every method when the database does not answer."""

    async def add_tenant(
        self,
        tenant: TenantId,
        name: str,
        uploads_per_hour: int | None,
        retention_days: int | None = None,
        share: int | None = None,
    ) -> Tenant:
        """Raises TenantExistsError."""
        ...

    async def change_tenant(
        self,
        tenant: TenantId,
        *,
        name: str | None,
        uploads_per_hour: int | None,
        retention_days: int | None = None,
        share: int | None = None,
    ) -> Tenant:
        """Set what is not None. Raises TenantNotFoundError."""
        ...

    async def list_tenants(self, *, after: str, limit: int) -> Sequence[Tenant]:
        """By name of their id, those after `after`."""
        ...

    async def add_key(self, row: NewKeyRow, *, limit: int) -> ApiKey:
        """Raises TenantNotFoundError, TooManyKeysError when the tenant has `limit` keys that are not revoked."""
        ...

    async def find_key(self, key_id: str) -> ApiKey:
        """Raises KeyNotFoundError."""
        ...

    async def list_keys(self, tenant: TenantId, *, before: str | None, limit: int) -> KeyPage:
        """Newest first, from after the key `before`. Raises InvalidKeyCursorError when the tenant has no such key."""
        ...

    async def revoke_key(self, key_id: str) -> None:
        """Repeatable; the first time counts."""
        ...


@dataclass(frozen=True)
class KeyDesk:
    """Who may do what with keys. Admins rule those of their tenant, an operator those of all."""

    store: IdentityStore

    async def create(self, caller: Principal, wanted: WantedKey) -> tuple[ApiKey, str]:
        """The key, and its text, which nobody can tell a second time.

        Raises ForbiddenError, TenantNotFoundError, TooManyKeysError.
        """
        caller.need_admin()
        _check_tenant(caller, wanted.tenant)
        if not wanted.scopes <= caller.scopes:
            raise ForbiddenError("a key cannot have a scope that its maker lacks")
        text = new_key()
        row = NewKeyRow(uuid4().hex, wanted, key_hint(text), key_digest(text), caller.key_id)
        key = await self.store.add_key(row, limit=KEYS_LIMIT)
        log.info("key_created", key_id=key.id, tenant=key.tenant, role=key.role, by=caller.key_id)
        return key, text

    async def find(self, caller: Principal, key_id: str) -> ApiKey:
        """Raises KeyNotFoundError."""
        key = await self.store.find_key(key_id)
        if key.tenant != caller.tenant and not caller.operator:
            raise KeyNotFoundError("there is no such key")
        return key

    async def find_good(self, caller: Principal, key_id: str) -> ApiKey:
        """As `find`, and not revoked."""
        key = await self.find(caller, key_id)
        if key.revoked_at is not None:
            raise KeyNotFoundError("there is no such key")
        return key

    async def page(self, caller: Principal, tenant: TenantId, *, before: str | None, limit: int) -> KeyPage:
        """Raises TenantNotFoundError, InvalidKeyCursorError."""
        _check_tenant(caller, tenant)
        return await self.store.list_keys(tenant, before=before, limit=limit)

    async def revoke(self, caller: Principal, key_id: str) -> None:
        """An admin revokes any key of the tenant, everyone the own one. Raises KeyNotFoundError, ForbiddenError."""
        key = await self.find(caller, key_id)
        if key.id != caller.key_id:
            caller.need_admin()
        await self.store.revoke_key(key.id)
        log.info("key_revoked", key_id=key.id, tenant=key.tenant, by=caller.key_id)


def _check_tenant(caller: Principal, tenant: TenantId) -> None:
    if tenant != caller.tenant and not caller.operator:
        raise TenantNotFoundError("there is no such tenant")
