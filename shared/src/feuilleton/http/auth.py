"""The bearer credential of a request: the deployment's own key, an API key, or a token of an OIDC provider."""

import hashlib
import hmac
from typing import Protocol

from fastapi import Request
from pydantic import SecretStr

from feuilleton.identity.key_text import looks_like_key
from feuilleton.identity.keys import ApiKeys
from feuilleton.identity.principal import (
    ALL_SCOPES,
    BOOTSTRAP_KEY,
    DEFAULT_TENANT,
    ForbiddenError,
    Principal,
    Role,
    Scope,
    UnauthenticatedError,
)

__all__ = [
    "ALL_SCOPES",
    "BOOTSTRAP_KEY",
    "DEFAULT_TENANT",
    "BearerAuth",
    "ForbiddenError",
    "Principal",
    "Role",
    "Scope",
    "UnauthenticatedError",
]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_DOTS_OF_TOKEN = 2


class TokenReader(Protocol):
    """`feuilleton.identity.tokens.Tokens`, whose libraries are an extra."""

    async def principal(self, text: str) -> Principal: ...


class BearerAuth:
    """FastAPI dependency: the Principal of a request. Every route that asks for it is guarded by scope too: reading
    methods need `read`, all others `write`.

    Raises UnauthenticatedError, ForbiddenError, and KeysUnavailableError while nobody can tell whether a key is good.
    The deployment's own key asks no server, so it works always.
    """

    def __init__(self, api_key: SecretStr, keys: ApiKeys | None = None, tokens: TokenReader | None = None) -> None:
        self._digest = _digest_of(api_key.get_secret_value())
        self._keys = keys
        self._tokens = tokens

    async def __call__(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("a bearer key is needed")
        principal = await self._principal(token)
        principal.need(Scope.READ if request.method in _READING else Scope.WRITE)
        return principal

    async def check(self) -> None:
        """Raise a TransientError while API keys cannot be looked up."""
        if self._keys is not None:
            await self._keys.check()

    async def _principal(self, token: str) -> Principal:
        # Digests have one length, so the comparison tells nothing about the key.
        if hmac.compare_digest(_digest_of(token), self._digest):
            return Principal(DEFAULT_TENANT, Role.ADMIN, key_id=BOOTSTRAP_KEY)
        if self._keys is not None and looks_like_key(token):
            return await self._keys.principal(token)
        if self._tokens is not None and token.count(".") == _DOTS_OF_TOKEN:
            return await self._tokens.principal(token)
        raise UnauthenticatedError("the bearer key is not known")


def _digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
