"""Who is calling. For now one static bearer key; users and keys come behind the same dependency."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request
from pydantic import SecretStr

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import TenantId

DEFAULT_TENANT = TenantId("default")
BOOTSTRAP_KEY = "bootstrap"
"""The key id of the deployment's own key, API_KEY. It stands in no table."""


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a credential may do: look at jobs and results; upload, cancel, delete and whatever else changes something."""

    READ = "read"
    WRITE = "write"


ALL_SCOPES = frozenset(Scope)


class UnauthenticatedError(PipelineError):
    """No credential, or a wrong one. Answered with 401."""

    code = "unauthenticated"


class ForbiddenError(PipelineError):
    """A good credential that lacks the role or the scope. Answered with 403, before any id is looked at."""

    code = "forbidden"


@dataclass(frozen=True)
class Principal:
    """Who calls, and for which tenant. `key_id` names the credential, never its secret."""

    tenant: TenantId
    role: Role = Role.USER
    scopes: frozenset[Scope] = ALL_SCOPES
    key_id: str = ""

    def need(self, scope: Scope) -> None:
        """Raise ForbiddenError without this scope."""
        if scope not in self.scopes:
            raise ForbiddenError(f"this credential lacks the scope {scope.value}")

    def need_admin(self) -> None:
        """Raise ForbiddenError unless the role is admin."""
        if self.role is not Role.ADMIN:
            raise ForbiddenError("this needs the role admin")


class BearerAuth:
    """FastAPI dependency: the Principal of a request. Raises UnauthenticatedError."""

    def __init__(self, api_key: SecretStr) -> None:
        self._digest = hashlib.sha256(api_key.get_secret_value().encode()).digest()

    async def __call__(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("a bearer key is needed")
        # Digests have one length, so the comparison tells nothing about the key.
        if not hmac.compare_digest(hashlib.sha256(token.strip().encode()).digest(), self._digest):
            raise UnauthenticatedError("the bearer key is not known")
        return Principal(DEFAULT_TENANT, Role.ADMIN, key_id=BOOTSTRAP_KEY)
