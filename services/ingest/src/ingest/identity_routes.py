"""`/v1/keys` and `/v1/tenants`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from feuilleton.contracts.events import MAX_SHARE, RETENTION_LIMIT_DAYS
from feuilleton.contracts.ids import TenantId
from feuilleton.http.auth import BearerAuth
from feuilleton.http.problems import MEDIA_TYPE, Problem
from feuilleton.identity.principal import ALL_SCOPES, TENANT_PATTERN, Principal, Role, Scope
from ingest.identity import ApiKey, IdentityStore, KeyDesk, Tenant, WantedKey

_MEANINGS = {
    401: "No bearer credential, or a wrong one (`unauthenticated`)",
    403: "The credential lacks the role or the scope (`forbidden`)",
    404: "No such key or tenant (`key_not_found`, `tenant_not_found`)",
    409: "There is such a tenant, or there are too many keys (`tenant_exists`, `too_many_keys`)",
    422: "A wrong field (`invalid_request`, `invalid_cursor`)",
    503: "A server is away; Retry-After says when to come again (`keys_unavailable`, ...)",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
        }
        for status in sorted({401, 403, 422, 503, *statuses})
    }


_LONGEST_LIFE = timedelta(days=3660)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _a_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 (pydantic knows a wrong value by this type)
    return value


def _a_moment(value: object) -> object:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be a time of RFC 3339")
    return value


def _future(value: datetime) -> datetime:
    if not timedelta() < value - datetime.now(UTC) <= _LONGEST_LIFE:
        raise ValueError("must lie in the future, ten years ahead at most")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be printable")
    return value


Name = Annotated[
    str,
    Field(min_length=1, max_length=100, description="For people; it need not be unique."),
    AfterValidator(_printable),
]
TenantName = Annotated[str, Field(pattern=TENANT_PATTERN)]
Whole = Annotated[int, BeforeValidator(_a_number)]
Uploads = Annotated[Whole, Field(ge=0, le=1_000_000, description="Uploads that may begin within an hour.")]
Share = Annotated[
    Whole,
    Field(ge=1, le=MAX_SHARE, description="Chunks in a row that extractors take of a job of its."),
]
Days = Annotated[
    Whole, Field(ge=1, le=RETENTION_LIMIT_DAYS, description="Days after its acceptance that a job is kept for.")
]


class _Asked(BaseModel):
    """A misspelt field must be told to the client."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyWanted(_Asked):
    """A new key. `tenant` other than one's own is for the operator alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "the reading room", "scopes": ["read"]}]})
    name: Name
    role: Role = Role.USER
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=10)] = tuple(sorted(ALL_SCOPES))
    expires_at: Annotated[AwareDatetime, BeforeValidator(_a_moment), AfterValidator(_future)] | None = None
    tenant: TenantName | None = None


_A_KEY: dict[str, Any] = {
    "id": "5e3f0c1b9a7d4e2f8c6b1a0d9e8f7a6b",
    "tenant": "lycee-hugo",
    "name": "the reading room",
    "hint": "fk_0Az19Z",
    "role": "user",
    "scopes": ["read"],
    "created_at": "2026-11-22T10:00:00Z",
    "created_by": "bootstrap",
    "expires_at": None,
    "last_used_at": "2026-11-22T11:59:00Z",
    "revoked_at": None,
}


class KeyView(BaseModel):
    """A key without its secret; `hint` is how it begins. `last_used_at` is right to a minute."""

    model_config = ConfigDict(json_schema_extra={"examples": [_A_KEY]})
    id: str
    tenant: str
    name: str
    hint: str
    role: Role
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls.model_validate({**vars(key), "scopes": sorted(key.scopes)})


class NewKeyView(KeyView):
    """`key` is the secret. It is shown in this answer alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_A_KEY, "last_used_at": None, "key": "fk_0Az19Z…"}]})
    key: str

    @classmethod
    def shown_once(cls, key: ApiKey, text: str) -> Self:
        return cls(**vars(KeyView.of(key)), key=text)


class KeyList(BaseModel):
    items: list[KeyView]
    next_cursor: str | None = None


class TenantWanted(_Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"tenant": "lycee-hugo", "name": "Lycée Victor Hugo"}]})
    tenant: TenantName
    name: Name
    uploads_per_hour: Uploads | None = None
    retention_days: Days | None = None
    share: Share | None = None


class TenantChange(_Asked):
    """What is left out stays as it is."""

    name: Name | None = None
    uploads_per_hour: Uploads | None = None
    retention_days: Days | None = None
    share: Share | None = None


class TenantView(BaseModel):
    """`uploads_per_hour` and `retention_days` are null where the deployment's number holds (UPLOADS_PER_HOUR,
    RETENTION_DAYS), `share` where it is 1. Other days and another share hold for jobs that are accepted from then on.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tenant": "lycee-hugo",
                    "name": "Lycée Victor Hugo",
                    "uploads_per_hour": 100,
                    "retention_days": 90,
                    "share": 2,
                    "created_at": "2026-11-22T10:00:00Z",
                }
            ]
        }
    )
    tenant: str
    name: str
    uploads_per_hour: int | None
    retention_days: int | None
    share: int | None
    created_at: datetime

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        return cls.model_validate(vars(tenant))


class TenantList(BaseModel):
    items: list[TenantView]
    next_cursor: str | None = None


Limit = Annotated[int, Query(ge=1, le=100)]


async def _no_store(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


def key_router(desk: KeyDesk, auth: BearerAuth) -> APIRouter:
    router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(_no_store)])

    @router.post("", status_code=201, responses=_problems(404, 409), summary="Make a key")
    async def create_key(
        asked: KeyWanted, response: Response, principal: Annotated[Principal, Depends(auth)]
    ) -> NewKeyView:
        """A key for the own tenant; admins only. Its text is in this answer and nowhere else."""
        tenant = TenantId(asked.tenant or principal.tenant)
        wanted = WantedKey(tenant, asked.name, asked.role, frozenset(asked.scopes), asked.expires_at)
        key, text = await desk.create(principal, wanted)
        response.headers["Location"] = f"/v1/keys/{key.id}"
        return NewKeyView.shown_once(key, text)

    @router.get("", responses=_problems(404), summary="List keys")
    async def list_keys(
        principal: Annotated[Principal, Depends(auth)],
        limit: Limit = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        tenant: Annotated[str | None, Query(pattern=TENANT_PATTERN)] = None,
    ) -> KeyList:
        """The keys of the own tenant, revoked ones too, newest first."""
        of = TenantId(tenant or principal.tenant)
        page = await desk.page(principal, of, before=cursor, limit=limit)
        items = [KeyView.of(key) for key in page.keys]
        return KeyList(items=items, next_cursor=items[-1].id if page.more else None)

    @router.get("/{key_id}", responses=_problems(404), summary="Look at a key")
    async def get_key(key_id: str, principal: Annotated[Principal, Depends(auth)]) -> KeyView:
        """A key that was revoked is in the list alone."""
        return KeyView.of(await desk.find_good(principal, key_id))

    @router.delete("/{key_id}", status_code=204, responses=_problems(404), summary="Revoke a key")
    async def revoke_key(key_id: str, principal: Annotated[Principal, Depends(auth)]) -> None:
        """It stops within ten seconds, for good. Admins revoke any key of their tenant, everyone the own one."""
        await desk.revoke(principal, key_id)

    return router


def tenant_router(store: IdentityStore, auth: BearerAuth) -> APIRouter:
    router = APIRouter(prefix="/v1/tenants", tags=["tenants"], dependencies=[Depends(_no_store)])

    async def operator(principal: Annotated[Principal, Depends(auth)]) -> Principal:
        principal.need_operator()
        return principal

    only_operators = [Depends(operator)]

    @router.post("", status_code=201, responses=_problems(409), dependencies=only_operators, summary="Make a tenant")
    async def create_tenant(asked: TenantWanted) -> TenantView:
        """For the operator: an admin of the tenant `default`, as the deployment's own key is."""
        numbers = (asked.uploads_per_hour, asked.retention_days, asked.share)
        return TenantView.of(await store.add_tenant(TenantId(asked.tenant), asked.name, *numbers))

    @router.get("", responses=_problems(), dependencies=only_operators, summary="List tenants")
    async def list_tenants(
        limit: Limit = 50,
        cursor: Annotated[str | None, Query(pattern=TENANT_PATTERN, description="`next_cursor`")] = None,
    ) -> TenantList:
        found = await store.list_tenants(after=cursor or "", limit=limit + 1)
        items = [TenantView.of(each) for each in found[:limit]]
        return TenantList(items=items, next_cursor=items[-1].tenant if len(found) > limit else None)

    @router.patch("/{tenant}", responses=_problems(404), dependencies=only_operators, summary="Change a tenant")
    async def change_tenant(tenant: Annotated[str, Path(max_length=200)], asked: TenantChange) -> TenantView:
        return TenantView.of(await store.change_tenant(TenantId(tenant), **asked.model_dump()))

    return router
