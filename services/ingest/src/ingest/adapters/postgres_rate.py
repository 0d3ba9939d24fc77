"""Counts uploads in the transaction of the caller: exact over all replicas, whoever asks at once."""

import asyncpg

from feuilleton.contracts.ids import TenantId
from ingest.rate import WINDOW_SECONDS, CountedUpload, RateLimitedError, UploadRate

# Held until the transaction ends: uploads of one tenant are counted one after another.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 0))"
_DROP_OLD = """
DELETE FROM ingest.uploads_begun
WHERE ($1::text IS NULL OR tenant = $1) AND begun_at <= clock_timestamp() - make_interval(secs => $2)
"""
_LIMIT = "SELECT coalesce((SELECT uploads_per_hour FROM ingest.tenants WHERE tenant = $1), $2::int)"
_USED = "SELECT count(*) FROM ingest.uploads_begun WHERE tenant = $1"
_COUNT = "INSERT INTO ingest.uploads_begun (tenant, begun_at) VALUES ($1, clock_timestamp()) RETURNING id"
# The newest of those that must be gone before another one fits.
_NEXT = """
SELECT ceil(extract(epoch FROM begun_at + make_interval(secs => $3) - clock_timestamp()))::int
FROM ingest.uploads_begun WHERE tenant = $1 ORDER BY begun_at LIMIT 1 OFFSET $2
"""


async def count_upload(connection: asyncpg.Connection, tenant: TenantId, default_limit: int) -> CountedUpload:
    """Count one more upload of the tenant. Must run inside a transaction. Raises RateLimitedError: nothing is written
    if the caller lets it end the transaction.
    """
    await connection.execute(_LOCK, tenant)
    await connection.execute(_DROP_OLD, tenant, WINDOW_SECONDS)
    limit = int(await connection.fetchval(_LIMIT, tenant, default_limit))
    used = int(await connection.fetchval(_USED, tenant))
    if used >= limit:
        raise RateLimitedError(UploadRate(limit, 0, await _seconds_until_gone(connection, tenant, used - limit)))
    number = int(await connection.fetchval(_COUNT, tenant))
    reset = await _seconds_until_gone(connection, tenant, 0)
    return CountedUpload(number, UploadRate(limit, limit - used - 1, reset))


async def uncount_upload(connection: asyncpg.Connection, counted: CountedUpload) -> None:
    await connection.execute("DELETE FROM ingest.uploads_begun WHERE id = $1", counted.number)


async def drop_old_counts(connection: asyncpg.Connection) -> None:
    """Those of tenants that upload no more."""
    await connection.execute(_DROP_OLD, None, WINDOW_SECONDS)


async def _seconds_until_gone(connection: asyncpg.Connection, tenant: TenantId, place: int) -> int:
    seconds = await connection.fetchval(_NEXT, tenant, place, WINDOW_SECONDS)
    return WINDOW_SECONDS if seconds is None else max(0, int(seconds))
