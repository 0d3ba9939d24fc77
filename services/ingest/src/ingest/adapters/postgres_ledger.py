"""The ledger's rows, inside the transactions of others: locked, granted, reserved, settled."""

from collections.abc import Iterable, Sequence

import asyncpg

from feuilleton.contracts.events import JobAccepted
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from ingest.errors import InsufficientCreditsError
from ingest.ledger import Entry, EntryKind, job_reserve, reserve_again, settle
from ingest.quota import Usage

# The upsert locks the row until the transaction ends: who spends, stores or is granted waits for its turn.
_LOCK_ACCOUNT = """
INSERT INTO ingest.accounts AS a (tenant) VALUES ($1) ON CONFLICT (tenant) DO UPDATE SET entries = a.entries
RETURNING balance
"""
_GRANT = """
INSERT INTO ingest.ledger (tenant, kind, amount, month)
SELECT $1, 'monthly_grant', $2, month FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date) AS m (month)
WHERE NOT EXISTS (SELECT FROM ingest.ledger l WHERE l.tenant = $1 AND l.month = m.month)
RETURNING balance
"""
_WRITE = "INSERT INTO ingest.ledger (tenant, kind, amount, job, attempt) VALUES ($1, $2, $3, $4, $5)"
_USAGE = """
SELECT (SELECT coalesce(sum(bytes), 0)::bigint FROM ingest.jobs WHERE tenant = $1 AND deleted_at IS NULL) AS bytes,
    (SELECT count(*) FROM ingest.attempts a JOIN ingest.jobs j USING (job)
     WHERE j.tenant = $1 AND j.deleted_at IS NULL AND a.ended_at IS NULL) AS jobs
"""
_ROWS_OF_JOB = "SELECT kind, amount, attempt FROM ingest.ledger WHERE job = $1"
_DUE = """
SELECT j.job, j.tenant, j.rate, j.deleted_at IS NOT NULL AS deleted FROM ingest.jobs j
WHERE j.job = ANY($1) AND EXISTS (
    SELECT FROM ingest.attempts a WHERE a.job = j.job AND a.reserve > 0 AND a.settled_at IS NULL
        AND (a.ended IS NOT NULL OR j.deleted_at IS NOT NULL))
ORDER BY j.tenant, j.job
"""
# A figure that fits into no integer is poison for the books alone: it is capped by the reserve like any other.
_ENDS = """
SELECT attempt, coalesce((ended->>'billed_tokens')::numeric, 0) AS billed
FROM ingest.attempts WHERE job = $1 AND ended IS NOT NULL
"""
_MARK_SETTLED = "UPDATE ingest.attempts SET settled_at = now() WHERE job = $1 AND attempt = $2"
_AT_ONCE = 500
_MISSED = """
SELECT DISTINCT a.job FROM ingest.attempts a JOIN ingest.jobs j USING (job)
WHERE a.reserve > 0 AND a.settled_at IS NULL AND (a.ended IS NOT NULL OR j.deleted_at IS NOT NULL) LIMIT $1
"""
_LOCK_JOB = "SELECT FROM ingest.jobs WHERE job = $1 FOR NO KEY UPDATE"


async def lock_account(connection: asyncpg.Connection, tenant: TenantId) -> int:
    """The tenant's balance, which nobody else changes until this transaction ends."""
    balance: int = await connection.fetchval(_LOCK_ACCOUNT, tenant)
    return balance


async def grant_month(connection: asyncpg.Connection, tenant: TenantId, monthly_credits: int) -> int:
    """The balance with the grant of this month, which is written unless it stands. The account is locked by this."""
    balance = await lock_account(connection, tenant)
    if monthly_credits == 0:
        return balance
    granted: int | None = await connection.fetchval(_GRANT, tenant, monthly_credits)
    return balance if granted is None else granted


async def read_usage(connection: asyncpg.Connection, tenant: TenantId) -> Usage:
    row = await connection.fetchrow(_USAGE, tenant)
    return Usage(row["bytes"], row["jobs"])


async def reserve(connection: asyncpg.Connection, tenant: TenantId, entry: Entry, *, monthly_credits: int) -> None:
    """Write what a job reserves; nothing is written of 0 credits. Raises InsufficientCreditsError."""
    if entry.amount == 0:
        return
    available = await grant_month(connection, tenant, monthly_credits)
    if available + entry.amount < 0:
        raise InsufficientCreditsError(needed=-entry.amount, available=available)
    await _write(connection, tenant, (entry,))


async def reserve_rest(
    connection: asyncpg.Connection, accepted: JobAccepted, attempt: int, *, monthly_credits: int
) -> int:
    """Reserve what a new attempt of this job may still cost, and return it. Raises InsufficientCreditsError."""
    await settle_jobs(connection, (accepted.job,))  # an older version may have folded the last end
    needed = reserve_again(accepted.reserve, await _rows_of(connection, accepted.job))
    held = job_reserve(accepted.job, attempt, needed)
    await reserve(connection, accepted.tenant, held, monthly_credits=monthly_credits)
    return needed


async def settle_jobs(connection: asyncpg.Connection, jobs: Iterable[JobId]) -> Sequence[Entry]:
    """Write the rows that the ends of these jobs call for, and return them. The rows of the jobs must be locked."""
    written: list[Entry] = []
    for row in await connection.fetch(_DUE, list(jobs)):
        job, tenant = JobId(row["job"]), TenantId(row["tenant"])
        await lock_account(connection, tenant)
        ends = {end["attempt"]: int(end["billed"]) for end in await connection.fetch(_ENDS, job)}
        due = settle(await _rows_of(connection, job), ends, rate=row["rate"], deleted=row["deleted"])
        await _write(connection, tenant, due)
        over = [(job, entry.attempt) for entry in due if entry.kind is EntryKind.JOB_REFUND]
        await connection.executemany(_MARK_SETTLED, over)
        written += due
    return written


async def settle_missed(database: Database) -> int:
    """Settle what ended while nobody settled. Returns how many jobs."""
    async with database.connection() as connection:
        jobs = [JobId(row["job"]) for row in await connection.fetch(_MISSED, _AT_ONCE)]
    for job in jobs:  # one transaction each: the fold locks several jobs at once, in its own order
        async with database.transaction() as connection:
            await connection.execute(_LOCK_JOB, job)
            await settle_jobs(connection, (job,))
    return len(jobs)


async def _rows_of(connection: asyncpg.Connection, job: JobId) -> list[Entry]:
    rows = await connection.fetch(_ROWS_OF_JOB, job)
    return [Entry(EntryKind(row["kind"]), row["amount"], job, row["attempt"]) for row in rows]


async def _write(connection: asyncpg.Connection, tenant: TenantId, entries: Iterable[Entry]) -> None:
    rows = [(tenant, entry.kind.value, entry.amount, entry.job, entry.attempt) for entry in entries]
    await connection.executemany(_WRITE, rows)
