"""`/v1/credits`: what a tenant has, the rows behind it, and what an operator gives."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.ids import TenantId
from feuilleton.http.auth import DEFAULT_TENANT, BearerAuth, Principal
from feuilleton.identity.principal import TENANT_PATTERN
from ingest.accounts import Accounts, Adjustment, Allowance, BookedEntry, Standing, next_month
from ingest.api_docs import problem_docs
from ingest.ledger import EntryKind

_MOST_CREDITS = 1_000_000_000
_LARGEST_NUMBER = 2**62
_PROBLEMS = (401, 403, 422, 503)


class InvalidCursorError(InvalidInputError):
    """The cursor did not come from a page of this list."""

    code = "invalid_cursor"


class QuotaAnswer(BaseModel):
    """What counts against the quota now, and its limits. A job that is deleted gives its bytes back."""

    stored_bytes: int
    stored_bytes_limit: int
    jobs: int
    jobs_limit: int


class CreditsAnswer(BaseModel):
    """`available` can be spent now; `reserved` is held by jobs that run, and what they do not use comes back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "available": 38,
                    "reserved": 12,
                    "monthly_credits": 50,
                    "next_grant_at": "2026-12-01T00:00:00Z",
                    "quota": {
                        "stored_bytes": 1048576,
                        "stored_bytes_limit": 10737418240,
                        "jobs": 1,
                        "jobs_limit": 100,
                    },
                }
            ]
        }
    )
    available: int
    reserved: int
    monthly_credits: int
    next_grant_at: datetime
    quota: QuotaAnswer

    @classmethod
    def of(cls, standing: Standing, allowance: Allowance) -> "CreditsAnswer":
        month = next_month(datetime.now(UTC).date())
        return cls(
            available=standing.available,
            reserved=standing.reserved,
            monthly_credits=allowance.monthly_credits,
            next_grant_at=datetime(month.year, month.month, 1, tzinfo=UTC),
            quota=QuotaAnswer(
                stored_bytes=standing.usage.stored_bytes,
                stored_bytes_limit=allowance.quota.stored_bytes,
                jobs=standing.usage.jobs,
                jobs_limit=allowance.quota.jobs,
            ),
        )


class LedgerRow(BaseModel):
    """One row. `number` counts them from 1 without gaps; `balance` is what was available after it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": 4,
                    "kind": "job_final",
                    "amount": -7,
                    "balance": 43,
                    "job_id": "301176f4-8dea-4b86-bec4-12a8e11eec2f",
                    "attempt": 1,
                    "note": "",
                    "at": "2026-11-22T12:00:00Z",
                }
            ]
        }
    )
    number: int
    kind: EntryKind
    amount: int
    balance: int
    job_id: str | None
    attempt: int | None
    note: str
    at: datetime

    @classmethod
    def of(cls, booked: BookedEntry) -> "LedgerRow":
        entry = booked.entry
        return cls(
            number=booked.number,
            kind=entry.kind,
            amount=entry.amount,
            balance=booked.balance,
            job_id=entry.job,
            attempt=entry.attempt,
            note=booked.note,
            at=booked.written_at,
        )


class LedgerPage(BaseModel):
    """The last row first. `next_cursor` is null on the last page."""

    items: list[LedgerRow]
    next_cursor: str | None


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


class AdjustmentRequest(BaseModel):
    """What to give (or, below 0, to take), and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 500, "note": "invoice 17"}]})
    tenant: str = Field(default=DEFAULT_TENANT, pattern=TENANT_PATTERN)
    amount: Annotated[int, Field(ge=-_MOST_CREDITS, le=_MOST_CREDITS, strict=True), AfterValidator(_not_zero)]
    note: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")


Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=30)]
Key = Annotated[str, Header(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]*$")]


def credit_router(accounts: Accounts, allowance: Allowance, auth: BearerAuth) -> APIRouter:
    router = APIRouter(tags=["credits"])

    @router.get("/v1/credits", summary="What can be spent", responses=problem_docs(401, 403, 503))
    async def get_credits(principal: Annotated[Principal, Depends(auth)]) -> CreditsAnswer:
        """Credits and quota of the caller's tenant. The grant of a month is there from the first look in it."""
        return CreditsAnswer.of(await accounts.standing(principal.tenant), allowance)

    @router.get("/v1/credits/ledger", summary="Every row behind the balance", responses=problem_docs(*_PROBLEMS))
    async def get_ledger(
        principal: Annotated[Principal, Depends(auth)], limit: Limit = 100, cursor: Cursor = None
    ) -> LedgerPage:
        """The rows of the caller's tenant, the last first. None is ever changed; their sum is the balance."""
        booked = await accounts.entries(principal.tenant, before=_read_cursor(cursor), limit=limit + 1)
        more = str(booked[limit - 1].number) if len(booked) > limit else None
        return LedgerPage(items=[LedgerRow.of(row) for row in booked[:limit]], next_cursor=more)

    @router.post(
        "/v1/credits/adjustments",
        status_code=201,
        summary="Give or take credits",
        responses=problem_docs(402, *_PROBLEMS),
    )
    async def post_adjustment(
        wanted: AdjustmentRequest, principal: Annotated[Principal, Depends(auth)], idempotency_key: Key
    ) -> LedgerRow:
        """For the operator alone. The same Idempotency-Key again answers with the same row and writes none.

        402 `insufficient_credits` where the balance would go below zero.
        """
        principal.need_operator()
        adjustment = Adjustment(TenantId(wanted.tenant), wanted.amount, wanted.note, idempotency_key)
        return LedgerRow.of(await accounts.adjust(adjustment))

    return router


def _read_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > _LARGEST_NUMBER:
        raise InvalidCursorError("not a cursor of the ledger")
    return int(cursor)
