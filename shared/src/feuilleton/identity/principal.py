"""Who calls, for which tenant, and what they may do."""

import re
from dataclasses import dataclass
from enum import StrEnum

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import TenantId

DEFAULT_TENANT = TenantId("default")
"""The operator's own tenant: its admins rule the others."""
BOOTSTRAP_KEY = "bootstrap"
"""The key id of the deployment's own key, API_KEY. It stands in no table."""
TENANT_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""A tenant's name is a part of object keys, so it holds nothing that a path could."""


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a credential may do: look at things (`read`), or make, change and remove them (`write`)."""

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
    """`key_id` names the credential, never its secret."""

    tenant: TenantId
    role: Role = Role.USER
    scopes: frozenset[Scope] = ALL_SCOPES
    key_id: str = ""

    @property
    def operator(self) -> bool:
        """Whether this is an admin of the operator's tenant, who may do things for others."""
        return self.role is Role.ADMIN and self.tenant == DEFAULT_TENANT

    def need(self, scope: Scope) -> None:
        """Raise ForbiddenError without this scope."""
        if scope not in self.scopes:
            raise ForbiddenError(f"this credential lacks the scope {scope.value}")

    def need_admin(self) -> None:
        """Raise ForbiddenError unless the role is admin, of whichever tenant."""
        if self.role is not Role.ADMIN:
            raise ForbiddenError("this needs the role admin")

    def need_operator(self) -> None:
        """Raise ForbiddenError unless this is an admin of the operator's tenant."""
        if not self.operator:
            raise ForbiddenError("this needs an admin of the operator's tenant")


def is_tenant(name: object) -> bool:
    """Whether this can be a tenant's name."""
    return isinstance(name, str) and re.fullmatch(TENANT_PATTERN, name) is not None
