"""Who is calling. For now one static bearer key; users and keys come behind the same dependency."""

import hashlib
import hmac
from dataclasses import dataclass

from fastapi import Request
from pydantic import SecretStr

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import TenantId

DEFAULT_TENANT = TenantId("default")


class UnauthenticatedError(PipelineError):
    """No credential, or a wrong one. Answered with 401."""

    code = "unauthenticated"


@dataclass(frozen=True)
class Principal:
    tenant: TenantId


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
        return Principal(DEFAULT_TENANT)
