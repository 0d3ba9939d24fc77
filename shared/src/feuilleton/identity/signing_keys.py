"""The public keys of an OIDC provider: kept, renewed, and fetched anew for a key that is not known, within bounds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from feuilleton.contracts.errors import TransientError
from feuilleton.identity.keys import KeysUnavailableError

RENEW_SECONDS = 600.0
"""A key that the provider took back is good for no longer than this, as long as the provider answers."""
KEPT_SECONDS = 3600.0
"""While it does not answer, the keys of its last answer are good for this long; then nobody can tell."""
GAP_SECONDS = 10.0
"""The provider is asked no more often, whatever tokens come."""
_KEYS_LIMIT = 100
_PUBLIC_KINDS = frozenset({"RSA", "EC", "OKP"})
log = structlog.get_logger(__name__)

Fetch = Callable[[], Awaitable[Sequence[dict[str, Any]]]]
"""Asks the provider for its keys (JWK). Raises TransientError."""


class SigningKeys:
    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._asked_at: float | None = None

    async def current(self) -> KeySet:
        """Raises KeysUnavailableError."""
        if self._keys is None or self._age() >= RENEW_SECONDS:
            await self._ask(self._fetched_at)
        return self._kept()

    async def newer(self) -> KeySet | None:
        """The keys once more, for a token whose key was not among them; None where the provider was asked just now."""
        before = self._fetched_at
        return self._kept() if await self._ask(before) else None

    def _kept(self) -> KeySet:
        if self._keys is None or self._age() >= KEPT_SECONDS:
            raise KeysUnavailableError("the provider's keys cannot be had")
        return self._keys

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _ask(self, seen_at: float) -> bool:
        """Whether there are keys that were fetched after `seen_at`. One asks, all others wait for that answer."""
        async with self._lock:
            if self._keys is not None and self._fetched_at != seen_at:
                return True
            if self._asked_at is not None and self._clock() - self._asked_at < GAP_SECONDS:
                return False
            self._asked_at = self._clock()
            try:
                found = _public_keys(await self._fetch())
            except TransientError as exc:
                log.warning("signing_keys_not_fetched", detail=exc.detail)
                return False
            if not found:
                log.warning("signing_keys_not_fetched", detail="none that can be used")
                return False
            self._keys, self._fetched_at = KeySet(found), self._clock()
            return True


def _public_keys(described: Sequence[dict[str, Any]]) -> list[Any]:
    """Those that sign and that are understood; a strange one among them does not spoil the others."""
    found = []
    for each in described[:_KEYS_LIMIT]:
        if each.get("kty") not in _PUBLIC_KINDS or each.get("use", "sig") != "sig":
            continue
        try:
            found.append(JWKRegistry.import_key(each))
        except (JoseError, ValueError, TypeError):
            log.warning("signing_key_not_understood", kid=str(each.get("kid"))[:100])
    return found
