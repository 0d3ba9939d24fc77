"""The directory of API keys as both HTTP services see it, and a small cache before it."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.ids import TenantId
from feuilleton.identity.key_text import is_key, key_digest
from feuilleton.identity.principal import Principal, Role, Scope, UnauthenticatedError

CACHE_SECONDS = 5.0
"""A revoked key stops within this time everywhere (promised: 10 s)."""
CACHE_KEYS = 4096


class KeysUnavailableError(TransientError):
    """The directory cannot be asked just now, so nobody knows whether a key is good: 503, never open."""

    code = "keys_unavailable"


@dataclass(frozen=True)
class KnownKey:
    """A key that is not revoked; `expires_at` may have passed."""

    id: str
    tenant: TenantId
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime | None


class KeyDirectory(Protocol):
    """Methods raise KeysUnavailableError while the directory is away or not set up yet."""

    async def find(self, digest: bytes) -> KnownKey | None:
        """The key with this digest; None when there is none or it was revoked."""
        ...

    async def note_use(self, key_id: str) -> None:
        """Note that a key was used now. Writes once a minute for a key at most; an unknown id changes nothing."""
        ...

    async def check(self) -> None:
        """Raise KeysUnavailableError unless keys can be looked up now."""
        ...


@dataclass(frozen=True)
class _Seen:
    key: KnownKey
    until: float


class ApiKeys:
    """Keys to principals. Only known keys are kept, for CACHE_SECONDS: a new one works at once, a revoked one stops
    soon, and made-up ones fill nothing.
    """

    def __init__(
        self,
        directory: KeyDirectory,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._now = now
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    async def principal(self, text: str) -> Principal:
        """Raises UnauthenticatedError, KeysUnavailableError."""
        if not is_key(text):
            raise UnauthenticatedError("the key is not whole: is a letter missing or wrong?")
        key = await self._find(key_digest(text))
        return Principal(key.tenant, key.role, key.scopes, key.id)

    async def check(self) -> None:
        await self._directory.check()

    async def _find(self, digest: bytes) -> KnownKey:
        seen = self._seen.get(digest)
        if seen is not None and self._clock() < seen.until:
            return self._unexpired(seen.key)
        self._seen.pop(digest, None)
        asked_at = self._clock()
        key = await self._directory.find(digest)
        if key is None:
            raise UnauthenticatedError("the bearer key is not known")
        self._unexpired(key)
        await self._directory.note_use(key.id)
        self._seen[digest] = _Seen(key, asked_at + CACHE_SECONDS)
        if len(self._seen) > CACHE_KEYS:
            self._seen.popitem(last=False)
        return key

    def _unexpired(self, key: KnownKey) -> KnownKey:
        if key.expires_at is not None and key.expires_at <= self._now():
            raise UnauthenticatedError("the key has expired")
        return key
