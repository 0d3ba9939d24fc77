"""What a tenant has: its credits, the rows behind them, and what it may have at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from feuilleton.contracts.ids import TenantId
from ingest.ledger import Entry, EntryKind
from ingest.quota import Quota, Usage


@dataclass(frozen=True)
class Allowance:
    """What each tenant of the deployment is given: credits a month, and its quota."""

    monthly_credits: int
    quota: Quota


UNBOUNDED = Allowance(0, Quota(2**62, 2**31))


@dataclass(frozen=True)
class Standing:
    """A tenant's credits: what it can spend now, and what jobs that run have reserved of them."""

    available: int
    reserved: int
    usage: Usage


@dataclass(frozen=True)
class BookedEntry:
    """A row as it stands. `number` counts a tenant's rows from 1 without gaps, `balance` is what was left after it."""

    number: int
    entry: Entry
    balance: int
    note: str
    written_at: datetime


@dataclass(frozen=True)
class Adjustment:
    """What an operator gives or takes. The same `key` again is the same adjustment."""

    tenant: TenantId
    amount: int
    note: str
    key: str


class Accounts(Protocol):
    """Methods raise DatabaseUnavailableError. The grant of the month is written at the first look in it."""

    async def standing(self, tenant: TenantId) -> Standing: ...

    async def usage(self, tenant: TenantId) -> Usage:
        """As of now, without a lock: for a look before a body is read. Admission looks again."""
        ...

    async def entries(self, tenant: TenantId, *, before: int | None, limit: int) -> Sequence[BookedEntry]:
        """Rows with a lower number than `before`, the last first."""
        ...

    async def month(self, tenant: TenantId, first: date) -> Mapping[EntryKind, int]:
        """The sums of the rows of the month that begins on `first`, by kind."""
        ...

    async def adjust(self, adjustment: Adjustment) -> BookedEntry:
        """Raises InsufficientCreditsError where the balance would go below zero, KeyReusedError where the key stands
        for another adjustment.
        """
        ...


def next_month(today: date) -> date:
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
