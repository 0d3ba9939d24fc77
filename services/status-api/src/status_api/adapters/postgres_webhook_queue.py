"""DeliveryQueue on Postgres: senders share it by leases, and none waits for another's lock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import asyncpg

from feuilleton.database.pool import Database
from feuilleton.streaming.postgres_folding import folding_errors
from status_api.adapters.webhook_rows import ENDPOINT_COLUMNS, read_endpoint
from status_api.webhooks.ports import GONE, DeliveryId, Parcel, Room, Verdict, Waiting

# A few of each endpoint and of each tenant, so that who does not answer takes no other's place. What another sender
# locks, or has just taken, is passed over: the condition is looked at again once the row is locked.
_LEASE = """
    WITH due AS (
        SELECT found.id, found.next_try_at, endpoint.tenant,
            row_number() OVER (PARTITION BY endpoint.tenant ORDER BY found.next_try_at, found.id) AS place
        FROM status.webhooks AS endpoint
        LEFT JOIN unnest($4::text[], $5::int[]) AS busy (id, posts) ON busy.id = endpoint.id
        CROSS JOIN LATERAL (
            SELECT id, next_try_at FROM status.webhook_deliveries
            WHERE webhook = endpoint.id AND state = 'pending' AND next_try_at <= $1
            ORDER BY next_try_at LIMIT greatest(0, $6::int - coalesce(busy.posts, 0))
        ) AS found
    ), fair AS (
        SELECT due.id FROM due LEFT JOIN unnest($7::text[], $8::int[]) AS busy (tenant, posts) USING (tenant)
        WHERE due.place <= $9::int - coalesce(busy.posts, 0)
        ORDER BY due.next_try_at LIMIT $10
    ), locked AS (
        SELECT one.id FROM status.webhook_deliveries AS one JOIN fair USING (id)
        WHERE one.state = 'pending' AND one.next_try_at <= $1
        FOR UPDATE OF one SKIP LOCKED
    )
    UPDATE status.webhook_deliveries AS one SET tries = tries + 1, tried_at = $1, next_try_at = $2, lease = $3
    FROM locked WHERE one.id = locked.id
    RETURNING one.id, one.webhook, one.event_id, one.body, one.tries, one.since
"""
_FIND_ENDPOINTS = f"SELECT {ENDPOINT_COLUMNS} FROM status.webhooks WHERE id = ANY($1)"  # noqa: S608 (constants of ours)
_SETTLE = """
    UPDATE status.webhook_deliveries
    SET state = $3, status = $4, error = $5, next_try_at = $6, tried_at = $7, lease = NULL
    WHERE id = $1 AND lease = $2 RETURNING webhook
"""
_DISABLE = "UPDATE status.webhooks SET disabled_for = $2 WHERE id = $1 AND disabled_for IS NULL"
_PRUNE_DELIVERIES = """
    WITH gone AS (
        DELETE FROM status.webhook_deliveries WHERE id IN (
            SELECT id FROM status.webhook_deliveries WHERE state <> 'pending' AND created_at < $1
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    ) SELECT count(*) FROM gone
"""
_PRUNE_WEBHOOKS = """
    WITH gone AS (
        DELETE FROM status.webhooks WHERE id IN (
            SELECT id FROM status.webhooks AS one WHERE job IS NOT NULL AND created_at < $1
                AND NOT EXISTS (SELECT FROM status.webhook_jobs WHERE job = one.job AND moved_at >= $1)
                AND NOT EXISTS (SELECT FROM status.webhook_deliveries WHERE webhook = one.id AND state = 'pending')
            LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    ) SELECT count(*) FROM gone
"""
_PRUNE_JOBS = """
    WITH gone AS (
        DELETE FROM status.webhook_jobs WHERE job IN (
            SELECT job FROM status.webhook_jobs WHERE moved_at < $1 ORDER BY moved_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    ) SELECT count(*) FROM gone
"""
_WAITING = """
    SELECT count(*) AS pending, coalesce(greatest(0, extract(epoch FROM $1 - min(next_try_at))), 0)::float8 AS overdue
    FROM status.webhook_deliveries WHERE state = 'pending'
"""
_K = TypeVar("_K")


def _columns(counts: Mapping[_K, int]) -> tuple[list[_K], list[int]]:
    return list(counts), list(counts.values())


class PostgresWebhookQueue:
    """DeliveryQueue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, room: Room, *, now: datetime, seconds: float) -> tuple[Parcel, ...]:
        lease, until = str(uuid4()), now + timedelta(seconds=seconds)
        of_endpoints = (*_columns(room.endpoints()), room.per_endpoint)
        of_tenants = (*_columns(room.tenants()), room.per_tenant)
        async with self._transaction() as connection:
            rows = await connection.fetch(_LEASE, now, until, lease, *of_endpoints, *of_tenants, room.limit)
            found = await connection.fetch(_FIND_ENDPOINTS, sorted({row["webhook"] for row in rows})) if rows else ()
        endpoints = {row["id"]: read_endpoint(row) for row in found}
        return tuple(
            Parcel(
                id=DeliveryId(row["id"]),
                lease=lease,
                endpoint=endpoints[row["webhook"]],
                event_id=row["event_id"],
                body=row["body"],
                tries=row["tries"],
                since=row["since"],
            )
            for row in rows
            if row["webhook"] in endpoints  # else it was removed just now, and its deliveries with it
        )

    async def settle(self, parcel: Parcel, verdict: Verdict, *, now: datetime) -> bool:
        told = (verdict.state.value, verdict.status, verdict.error, verdict.next_try_at, now)
        async with self._transaction() as connection:
            endpoint = await connection.fetchval(_SETTLE, parcel.id, parcel.lease, *told)
            if endpoint is not None and verdict.gone:
                await connection.execute(_DISABLE, endpoint, GONE)
        return endpoint is not None

    async def prune(self, *, deliveries_before: datetime, jobs_before: datetime, limit: int) -> int:
        async with self._transaction() as connection:
            deliveries: int = await connection.fetchval(_PRUNE_DELIVERIES, deliveries_before, limit)
            webhooks: int = await connection.fetchval(_PRUNE_WEBHOOKS, deliveries_before, limit)
            jobs: int = await connection.fetchval(_PRUNE_JOBS, jobs_before, limit)
        return deliveries + webhooks + jobs

    async def waiting(self, *, now: datetime) -> Waiting:
        async with self._transaction() as connection:
            row = await connection.fetchrow(_WAITING, now)
        return Waiting(row["pending"], row["overdue"])

    async def check(self) -> None:
        """Raise DatabaseUnavailableError unless Postgres answers and the tables stand."""
        async with self._transaction() as connection:
            await connection.fetchval("SELECT count(*) FROM status.webhook_offsets")

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.Connection]:
        with folding_errors():
            async with self._database.transaction() as connection:
                yield connection
