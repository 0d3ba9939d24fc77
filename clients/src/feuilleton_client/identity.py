"""Tenants and API keys, for those who may rule them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

from feuilleton_client.models import Answered, Page
from feuilleton_client.transport import Transport, parse

_PER_PAGE = 100


class ApiKey(Answered):
    """A key without its secret. `hint` is how it begins, `last_used_at` right to a minute."""

    id: str
    tenant: str
    name: str
    hint: str
    role: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewApiKey(ApiKey):
    """`key` is the secret: the server shows it this once."""

    key: str


class Tenant(Answered):
    """None stands where the deployment's own number holds; a `share` is 1 then."""

    tenant: str
    name: str
    uploads_per_hour: int | None = None
    retention_days: int | None = None
    share: int | None = None
    created_at: datetime


class TenantNumbers(BaseModel):
    """What an operator sets for a tenant; None leaves it as it is. `retention_days` is how long its jobs are kept,
    `share` how many chunks in a row are taken of them.
    """

    model_config = ConfigDict(frozen=True)
    uploads_per_hour: int | None = None
    retention_days: int | None = None
    share: int | None = None

    def given(self) -> dict[str, int]:
        return self.model_dump(exclude_none=True)


class KeyWish(BaseModel):
    """A key to make. What is None is the server's default: the own tenant, role user, all scopes, no end."""

    name: str
    role: str | None = None
    scopes: Sequence[str] | None = None
    expires_at: datetime | None = None
    tenant: str | None = None


class IdentityClient:
    """Keys of the own tenant (making them needs the role admin); tenants and their keys for an operator.

    Methods raise as those of FeuilletonClient do. `create_key` and `create_tenant` are sent once: when the answer is
    lost, look at the list.
    """

    def __init__(self, transport: Transport, ingest_url: str) -> None:
        self._transport = transport
        self._ingest = ingest_url

    def create_key(self, wish: KeyWish) -> NewApiKey:
        body = wish.model_dump(mode="json", exclude_none=True)
        return parse(NewApiKey, self._post("/v1/keys", body))

    def keys(self, tenant: str | None = None) -> Iterator[ApiKey]:
        """Newest first, revoked ones too."""
        url = f"{self._ingest}/v1/keys"
        return self._transport.pages(Page[ApiKey], url, limit=_PER_PAGE, tenant=tenant)

    def revoke_key(self, key_id: str) -> None:
        """It stops within ten seconds. Repeatable."""
        url = f"{self._ingest}/v1/keys/{quote(key_id, safe='')}"
        self._transport.send(lambda http: http.build_request("DELETE", url))

    def create_tenant(self, tenant: str, name: str, numbers: TenantNumbers | None = None) -> Tenant:
        given = (numbers or TenantNumbers()).given()
        return parse(Tenant, self._post("/v1/tenants", {"tenant": tenant, "name": name, **given}))

    def change_tenant(self, tenant: str, numbers: TenantNumbers, *, name: str | None = None) -> Tenant:
        """Set what is not None. Repeatable."""
        body = {**({} if name is None else {"name": name}), **numbers.given()}
        url = f"{self._ingest}/v1/tenants/{quote(tenant, safe='')}"
        return parse(Tenant, self._transport.send(lambda http: http.build_request("PATCH", url, json=body)))

    def tenants(self) -> Iterator[Tenant]:
        url = f"{self._ingest}/v1/tenants"
        return self._transport.pages(Page[Tenant], url, limit=_PER_PAGE)

    def _post(self, path: str, body: dict[str, object]) -> httpx.Response:
        url = f"{self._ingest}{path}"
        return self._transport.send_once(lambda http: http.build_request("POST", url, json=body))
