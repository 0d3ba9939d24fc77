"""Tokens (JWT) of an OIDC provider to principals."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry, Token

from feuilleton.contracts.ids import TenantId
from feuilleton.identity.principal import (
    ALL_SCOPES,
    ForbiddenError,
    Principal,
    Role,
    Scope,
    UnauthenticatedError,
    is_tenant,
)
from feuilleton.identity.signing_keys import SigningKeys

SCOPE_PREFIX = "feuilleton:"
_LENGTH_LIMIT = 8192
_TOLD_LIMIT = 200


@dataclass(frozen=True)
class TokenRules:
    """Whose tokens are taken, and which claims tell tenant and role."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    skew_seconds: int
    tenant_claim: str
    role_claim: str


class Tokens:
    def __init__(self, rules: TokenRules, keys: SigningKeys, *, now: Callable[[], float] = time.time) -> None:
        self._rules = rules
        self._keys = keys
        self._now = now

    async def principal(self, text: str) -> Principal:
        """Raises UnauthenticatedError, ForbiddenError for a good token that names no tenant, KeysUnavailableError."""
        if len(text) > _LENGTH_LIMIT:
            raise UnauthenticatedError("the token is too long")
        claims = await self._claims(text)
        tenant = claims.get(self._rules.tenant_claim)
        if not is_tenant(tenant):
            raise ForbiddenError(f"the token's claim {self._rules.tenant_claim} names no tenant")
        subject = str(claims.get("sub", ""))[:_TOLD_LIMIT]
        return Principal(TenantId(str(tenant)), self._role(claims), _scopes(claims), subject)

    async def _claims(self, text: str) -> dict[str, Any]:
        try:
            token = self._decode(text, await self._keys.current())
            if token is None:
                newer = await self._keys.newer()
                token = self._decode(text, newer) if newer is not None else None
            if token is None:
                raise UnauthenticatedError("the token was signed with a key that is not known")
            self._registry().validate(token.claims)
        # Whoever sends a token chooses its bytes: what the library stumbles over is a wrong token, whatever the error.
        except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
            raise UnauthenticatedError(f"the token is not good: {type(exc).__name__}") from exc
        return token.claims

    def _decode(self, text: str, keys: KeySet) -> Token | None:
        """None when none of these keys is meant."""
        try:
            return jwt.decode(text, keys, algorithms=list(self._rules.algorithms))
        except InvalidKeyIdError:
            return None

    def _registry(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._now()),
            leeway=self._rules.skew_seconds,
            iss={"essential": True, "value": self._rules.issuer},
            aud={"essential": True, "value": self._rules.audience},
            exp={"essential": True},
        )

    def _role(self, claims: dict[str, Any]) -> Role:
        said = claims.get(self._rules.role_claim)
        roles = said if isinstance(said, list) else [said]
        return Role.ADMIN if Role.ADMIN.value in roles else Role.USER


def _scopes(claims: dict[str, Any]) -> frozenset[Scope]:
    """Those of ours that the token names; all, where it names none of ours: then it speaks of other things."""
    said = claims.get("scope", "")
    names = said.split() if isinstance(said, str) else []
    ours = {name.removeprefix(SCOPE_PREFIX) for name in names if name.startswith(SCOPE_PREFIX)}
    return frozenset(scope for scope in Scope if scope.value in ours) if ours else ALL_SCOPES
