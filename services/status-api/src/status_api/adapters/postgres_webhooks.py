"""WebhookStore on Postgres, in the schema that no rebuild touches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from feuilleton.streaming.postgres_folding import folding_errors
from status_api.adapters.webhook_rows import (
    DELIVERY_COLUMNS,
    ENDPOINT_COLUMNS,
    QUEUE,
    delivery_values,
    read_delivery,
    read_endpoint,
)
from status_api.webhooks.events import TEST_EVENT, Told
from status_api.webhooks.ports import (
    DISABLED_BY_USER,
    TESTS_A_MINUTE,
    Delivery,
    DeliveryId,
    DeliveryPage,
    Endpoint,
    EndpointChange,
    EndpointId,
    TooManyTestsError,
    WebhookLimitReachedError,
)

_LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks/' || $1, 0))"
_COUNT = "SELECT count(*) FROM status.webhooks WHERE tenant = $1 AND job IS NOT DISTINCT FROM $2"
_ADD = f"INSERT INTO status.webhooks ({ENDPOINT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"  # noqa: S608
_LIST = f"""
    SELECT {ENDPOINT_COLUMNS} FROM status.webhooks WHERE tenant = $1 AND job IS NOT DISTINCT FROM $2
    ORDER BY created_at, id
"""  # noqa: S608
_FIND = f"SELECT {ENDPOINT_COLUMNS} FROM status.webhooks WHERE tenant = $1 AND id = $2"  # noqa: S608
_CHANGE = f"""
    UPDATE status.webhooks SET url = coalesce($3::text, url), events = coalesce($4::text[], events),
        disabled_for = CASE WHEN $5::boolean THEN NULL WHEN NOT $5 THEN coalesce(disabled_for, $6) ELSE disabled_for END
    WHERE tenant = $1 AND id = $2 RETURNING {ENDPOINT_COLUMNS}
"""  # noqa: S608
_ROTATE = f"""
    UPDATE status.webhooks SET old_secret = secret, old_until = $4, secret = $3
    WHERE tenant = $1 AND id = $2 RETURNING {ENDPOINT_COLUMNS}
"""  # noqa: S608
_REMOVE = "DELETE FROM status.webhooks WHERE tenant = $1 AND id = $2 RETURNING id"
_LOCK_ENDPOINT = "SELECT id FROM status.webhooks WHERE id = $1 FOR NO KEY UPDATE"
_COUNT_TESTS = """
    SELECT count(*) FROM status.webhook_deliveries WHERE webhook = $1 AND type = $2 AND created_at > $3
"""
_ADD_TEST = f"""
    INSERT INTO status.webhook_deliveries (id, webhook, event_id, type, body, created_at, since, next_try_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $6) RETURNING {DELIVERY_COLUMNS}
"""  # noqa: S608
_DELIVERIES = f"""
    SELECT {DELIVERY_COLUMNS} FROM status.webhook_deliveries
    WHERE webhook = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
    ORDER BY created_at DESC, id DESC LIMIT $4
"""  # noqa: S608
_REDELIVER = """
    UPDATE status.webhook_deliveries SET state = 'pending', tries = 0, since = $3, next_try_at = $3, lease = NULL
    WHERE webhook = $1 AND id = $2 AND NOT (state = 'pending' AND lease IS NOT NULL AND next_try_at > $3)
"""
_DELIVERY = f"SELECT {DELIVERY_COLUMNS} FROM status.webhook_deliveries WHERE webhook = $1 AND id = $2"  # noqa: S608


class PostgresWebhooks:
    """WebhookStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, endpoint: Endpoint, *, limit: int) -> None:
        async with self._transaction() as connection:
            await connection.execute(_LOCK_TENANT, endpoint.tenant)
            if await connection.fetchval(_COUNT, endpoint.tenant, endpoint.job) >= limit:
                raise WebhookLimitReachedError(f"there may be {limit} webhooks")
            await connection.execute(
                _ADD,
                endpoint.id,
                endpoint.tenant,
                endpoint.url,
                [event.value for event in endpoint.events],
                endpoint.secret,
                endpoint.old_secret,
                endpoint.old_until,
                endpoint.created_at,
                endpoint.disabled_for,
                endpoint.job,
            )

    async def list_all(self, tenant: TenantId, job: JobId | None = None) -> tuple[Endpoint, ...]:
        async with self._transaction() as connection:
            return tuple(read_endpoint(row) for row in await connection.fetch(_LIST, tenant, job))

    async def find(self, tenant: TenantId, endpoint: EndpointId) -> Endpoint | None:
        return await self._one(_FIND, tenant, endpoint)

    async def change(self, tenant: TenantId, endpoint: EndpointId, change: EndpointChange) -> Endpoint | None:
        events = [event.value for event in change.events] if change.events else None
        return await self._one(_CHANGE, tenant, endpoint, change.url, events, change.enabled, DISABLED_BY_USER)

    async def rotate(
        self, tenant: TenantId, endpoint: EndpointId, secret: str, *, old_until: datetime
    ) -> Endpoint | None:
        return await self._one(_ROTATE, tenant, endpoint, secret, old_until)

    async def remove(self, tenant: TenantId, endpoint: EndpointId) -> bool:
        async with self._transaction() as connection:
            return await connection.fetchval(_REMOVE, tenant, endpoint) is not None

    async def tell(self, endpoint: EndpointId, message: Told) -> None:
        async with self._transaction() as connection:
            if await connection.fetchval(_LOCK_ENDPOINT, endpoint) is not None:
                await connection.execute(QUEUE, *delivery_values(endpoint, message, datetime.now(UTC)))

    async def add_test(self, endpoint: EndpointId, message: Told) -> Delivery | None:
        async with self._transaction() as connection:
            if await connection.fetchval(_LOCK_ENDPOINT, endpoint) is None:
                return None
            minute = message.time - timedelta(minutes=1)
            if await connection.fetchval(_COUNT_TESTS, endpoint, TEST_EVENT, minute) >= TESTS_A_MINUTE:
                raise TooManyTestsError
            values = (str(uuid4()), endpoint, message.event_id, message.type, message.body, message.time)
            return read_delivery(await connection.fetchrow(_ADD_TEST, *values))

    async def deliveries(
        self, endpoint: EndpointId, *, before: tuple[datetime, DeliveryId] | None, limit: int
    ) -> DeliveryPage:
        created_at, delivery = before or (None, None)
        async with self._transaction() as connection:
            rows = await connection.fetch(_DELIVERIES, endpoint, created_at, delivery, limit + 1)
        return DeliveryPage(tuple(read_delivery(row) for row in rows[:limit]), len(rows) > limit)

    async def redeliver(self, endpoint: EndpointId, delivery: DeliveryId, *, now: datetime) -> Delivery | None:
        async with self._transaction() as connection:
            await connection.execute(_REDELIVER, endpoint, delivery, now)
            row = await connection.fetchrow(_DELIVERY, endpoint, delivery)
        return read_delivery(row) if row else None

    async def _one(self, statement: str, *values: object) -> Endpoint | None:
        async with self._transaction() as connection:
            row = await connection.fetchrow(statement, *values)
        return read_endpoint(row) if row else None

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.Connection]:
        with folding_errors():
            async with self._database.transaction() as connection:
                yield connection
