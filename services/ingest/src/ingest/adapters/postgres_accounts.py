"""Accounts on Postgres. Contract: `ingest.accounts.Accounts`."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from ingest.accounts import Adjustment, Allowance, BookedEntry, Standing
from ingest.adapters.postgres_ledger import grant_month, read_usage
from ingest.errors import InsufficientCreditsError, KeyReusedError
from ingest.ledger import Entry, EntryKind
from ingest.quota import Usage

_BALANCE = """
SELECT balance FROM ingest.accounts a WHERE tenant = $1 AND EXISTS (
    SELECT FROM ingest.ledger l
    WHERE l.tenant = a.tenant AND l.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date)
"""
_RESERVED = """
SELECT coalesce(sum(a.reserve), 0)::bigint FROM ingest.attempts a JOIN ingest.jobs j USING (job)
WHERE j.tenant = $1 AND a.reserve > 0 AND a.settled_at IS NULL
"""
_COLUMNS = "number, kind, amount, balance, job, attempt, month, note, written_at"
_ENTRIES = f"""
SELECT {_COLUMNS} FROM ingest.ledger WHERE tenant = $1 AND ($2::bigint IS NULL OR number < $2)
ORDER BY number DESC LIMIT $3
"""  # noqa: S608 (constant)
_MONTH = """
SELECT kind, sum(amount)::bigint AS total FROM ingest.ledger
WHERE tenant = $1 AND written_at >= $2::date::timestamp AT TIME ZONE 'UTC' GROUP BY kind
"""
_BY_KEY = f"SELECT {_COLUMNS} FROM ingest.ledger WHERE tenant = $1 AND key = $2"  # noqa: S608 (constant)
_ADJUST = f"""
INSERT INTO ingest.ledger (tenant, kind, amount, key, note) VALUES ($1, 'admin_adjustment', $2, $3, $4)
RETURNING {_COLUMNS}
"""  # noqa: S608 (constant)


class PostgresAccounts:
    def __init__(self, database: Database, allowance: Allowance) -> None:
        self._database = database
        self._monthly_credits = allowance.monthly_credits

    async def standing(self, tenant: TenantId) -> Standing:
        async with self._database.transaction() as connection:
            available: int | None = await connection.fetchval(_BALANCE, tenant)
            if available is None:
                available = await grant_month(connection, tenant, self._monthly_credits)
            reserved: int = await connection.fetchval(_RESERVED, tenant)
            return Standing(available, reserved, await read_usage(connection, tenant))

    async def usage(self, tenant: TenantId) -> Usage:
        async with self._database.connection() as connection:
            return await read_usage(connection, tenant)

    async def entries(self, tenant: TenantId, *, before: int | None, limit: int) -> Sequence[BookedEntry]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ENTRIES, tenant, before, limit)
        return [_booked(row) for row in rows]

    async def month(self, tenant: TenantId, first: date) -> Mapping[EntryKind, int]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_MONTH, tenant, first)
        return {EntryKind(row["kind"]): row["total"] for row in rows}

    async def adjust(self, adjustment: Adjustment) -> BookedEntry:
        tenant, amount = adjustment.tenant, adjustment.amount
        async with self._database.transaction() as connection:
            available = await grant_month(connection, tenant, self._monthly_credits)
            known = await connection.fetchrow(_BY_KEY, tenant, adjustment.key)
            if known is not None:
                if (known["amount"], known["note"]) != (amount, adjustment.note):
                    raise KeyReusedError("this Idempotency-Key was used for another adjustment")
                return _booked(known)
            if available + amount < 0:
                raise InsufficientCreditsError(needed=-amount, available=available)
            return _booked(await connection.fetchrow(_ADJUST, tenant, amount, adjustment.key, adjustment.note))


def _booked(row: asyncpg.Record) -> BookedEntry:
    job = JobId(row["job"]) if row["job"] is not None else None
    entry = Entry(EntryKind(row["kind"]), row["amount"], job, row["attempt"], row["month"])
    return BookedEntry(row["number"], entry, row["balance"], row["note"], row["written_at"])
