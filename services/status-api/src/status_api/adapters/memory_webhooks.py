"""Webhooks in memory: the fake of tests, held to the same suite as Postgres."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobState
from feuilleton.streaming.folding import Batch
from status_api.webhooks.events import TEST_EVENT, Told, fold_told
from status_api.webhooks.ports import (
    DISABLED_BY_USER,
    GONE,
    TESTS_A_MINUTE,
    Delivery,
    DeliveryId,
    DeliveryPage,
    DeliveryState,
    Endpoint,
    EndpointChange,
    EndpointId,
    Parcel,
    Room,
    TooManyTestsError,
    Verdict,
    Waiting,
    WebhookLimitReachedError,
)


class MemoryWebhooks:
    """WebhookStore, DeliveryQueue and FoldStore."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._endpoints: dict[EndpointId, Endpoint] = {}
        self._deliveries: dict[DeliveryId, Delivery] = {}
        self._leases: dict[DeliveryId, str] = {}
        self._jobs: dict[JobId, JobState] = {}
        self._moved_at: dict[JobId, datetime] = {}
        self._offsets: dict[tuple[str, int], int] = {}

    async def add(self, endpoint: Endpoint, *, limit: int) -> None:
        if len(await self.list_all(endpoint.tenant, endpoint.job)) >= limit:
            raise WebhookLimitReachedError(f"there may be {limit} webhooks")
        self._endpoints[endpoint.id] = endpoint

    async def list_all(self, tenant: TenantId, job: JobId | None = None) -> tuple[Endpoint, ...]:
        found = [one for one in self._endpoints.values() if one.tenant == tenant and one.job == job]
        return tuple(sorted(found, key=lambda endpoint: (endpoint.created_at, endpoint.id)))

    async def find(self, tenant: TenantId, endpoint: EndpointId) -> Endpoint | None:
        found = self._endpoints.get(endpoint)
        return found if found and found.tenant == tenant else None

    async def change(self, tenant: TenantId, endpoint: EndpointId, change: EndpointChange) -> Endpoint | None:
        found = await self.find(tenant, endpoint)
        if found is None:
            return None
        disabled_for = found.disabled_for
        if change.enabled is not None:
            disabled_for = None if change.enabled else disabled_for or DISABLED_BY_USER
        self._endpoints[endpoint] = replace(
            found, url=change.url or found.url, events=change.events or found.events, disabled_for=disabled_for
        )
        return self._endpoints[endpoint]

    async def rotate(
        self, tenant: TenantId, endpoint: EndpointId, secret: str, *, old_until: datetime
    ) -> Endpoint | None:
        found = await self.find(tenant, endpoint)
        if found is None:
            return None
        self._endpoints[endpoint] = replace(found, secret=secret, old_secret=found.secret, old_until=old_until)
        return self._endpoints[endpoint]

    async def remove(self, tenant: TenantId, endpoint: EndpointId) -> bool:
        if await self.find(tenant, endpoint) is None:
            return False
        del self._endpoints[endpoint]
        self._deliveries = {key: one for key, one in self._deliveries.items() if one.endpoint != endpoint}
        return True

    async def tell(self, endpoint: EndpointId, message: Told) -> None:
        if endpoint in self._endpoints and all(one.event_id != message.event_id for one in self._of(endpoint)):
            self._queue(endpoint, message, self._clock())

    async def add_test(self, endpoint: EndpointId, message: Told) -> Delivery | None:
        if endpoint not in self._endpoints:
            return None
        minute = message.time - timedelta(minutes=1)
        tests = [one for one in self._of(endpoint) if one.type == TEST_EVENT and one.created_at > minute]
        if len(tests) >= TESTS_A_MINUTE:
            raise TooManyTestsError
        return self._queue(endpoint, message, message.time)

    async def deliveries(
        self, endpoint: EndpointId, *, before: tuple[datetime, DeliveryId] | None, limit: int
    ) -> DeliveryPage:
        newest = sorted(self._of(endpoint), key=lambda one: (one.created_at, one.id), reverse=True)
        found = [one for one in newest if before is None or (one.created_at, one.id) < before]
        return DeliveryPage(tuple(found[:limit]), len(found) > limit)

    async def redeliver(self, endpoint: EndpointId, delivery: DeliveryId, *, now: datetime) -> Delivery | None:
        found = self._deliveries.get(delivery)
        if found is None or found.endpoint != endpoint:
            return None
        on_its_way = found.id in self._leases and found.next_try_at is not None and found.next_try_at > now
        if not on_its_way:
            self._leases.pop(delivery, None)
            found = replace(found, state=DeliveryState.PENDING, tries=0, since=now, next_try_at=now)
            self._deliveries[delivery] = found
        return found

    async def lease(self, room: Room, *, now: datetime, seconds: float) -> tuple[Parcel, ...]:
        taken, of_tenants = room.endpoints(), room.tenants()
        lease = str(uuid4())
        parcels: list[Parcel] = []
        due = [(one.next_try_at, one) for one in self._deliveries.values() if one.state is DeliveryState.PENDING]
        for _, one in sorted(((at, one) for at, one in due if at and at <= now), key=lambda pair: pair[0]):
            endpoint = self._endpoints[one.endpoint]
            shares = taken[one.endpoint] < room.per_endpoint and of_tenants[endpoint.tenant] < room.per_tenant
            if len(parcels) < room.limit and shares:
                taken[one.endpoint] += 1
                of_tenants[endpoint.tenant] += 1
                until = now + timedelta(seconds=seconds)
                self._leases[one.id] = lease
                self._deliveries[one.id] = replace(one, tries=one.tries + 1, next_try_at=until, tried_at=now)
                parcels.append(Parcel(one.id, lease, endpoint, one.event_id, one.body, one.tries + 1, one.since))
        return tuple(parcels)

    async def settle(self, parcel: Parcel, verdict: Verdict, *, now: datetime) -> bool:
        one = self._deliveries.get(parcel.id)
        if one is None or self._leases.get(parcel.id) != parcel.lease:
            return False
        del self._leases[parcel.id]
        self._deliveries[parcel.id] = replace(
            one,
            state=verdict.state,
            status=verdict.status,
            error=verdict.error,
            next_try_at=verdict.next_try_at,
            tried_at=now,
        )
        endpoint = self._endpoints[one.endpoint]
        if verdict.gone and endpoint.enabled:
            self._endpoints[one.endpoint] = replace(endpoint, disabled_for=GONE)
        return True

    async def prune(self, *, deliveries_before: datetime, jobs_before: datetime, limit: int) -> int:
        old = [
            one.id
            for one in self._deliveries.values()
            if one.state is not DeliveryState.PENDING and one.created_at < deliveries_before
        ][:limit]
        silent = [job for job, moved_at in self._moved_at.items() if moved_at < jobs_before][:limit]
        for key in old:
            del self._deliveries[key]
        spent = [key for key, one in self._endpoints.items() if self._is_spent(one, deliveries_before)][:limit]
        for endpoint in spent:
            await self.remove(self._endpoints[endpoint].tenant, endpoint)
        for job in silent:
            del self._jobs[job], self._moved_at[job]
        return len(old) + len(spent) + len(silent)

    def _is_spent(self, endpoint: Endpoint, before: datetime) -> bool:
        """Whether it is of a job that has been silent for long, and waits for nothing."""
        waits = any(one.state is DeliveryState.PENDING for one in self._of(endpoint.id))
        moved_at = self._moved_at.get(endpoint.job, endpoint.created_at) if endpoint.job else None
        return moved_at is not None and max(moved_at, endpoint.created_at) < before and not waits

    async def waiting(self, *, now: datetime) -> Waiting:
        times = [one.next_try_at for one in self._deliveries.values() if one.state is DeliveryState.PENDING]
        overdue = [(now - at).total_seconds() for at in times if at is not None]
        return Waiting(len(times), max([0.0, *overdue]))

    async def positions(self, topic: str) -> Mapping[int, int]:
        return {partition: offset for (name, partition), offset in self._offsets.items() if name == topic}

    async def raise_position(self, topic: str, partition: int, offset: int) -> None:
        self._offsets[topic, partition] = max(offset, self._offsets.get((topic, partition), 0))

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        self._offsets[topic, partition] = offset

    async def apply(self, batch: Batch) -> int:
        stored = self._offsets.get((batch.topic, batch.partition), 0)
        if stored < batch.start or stored >= batch.next_offset:
            return stored
        records = [record for record in batch.records if record.offset >= stored]
        changed, told = fold_told(self._jobs, records)
        self._jobs |= changed
        self._moved_at |= {record.event.job: record.time for record in records if record.event.job in changed}
        for message in told:
            for endpoint in [one for one in self._endpoints.values() if one.is_for(message)]:
                await self.tell(endpoint.id, message)
        self._offsets[batch.topic, batch.partition] = batch.next_offset
        return batch.next_offset

    def _of(self, endpoint: EndpointId) -> list[Delivery]:
        return [one for one in self._deliveries.values() if one.endpoint == endpoint]

    def _queue(self, endpoint: EndpointId, message: Told, now: datetime) -> Delivery:
        made = Delivery(
            id=DeliveryId(str(uuid4())),
            endpoint=endpoint,
            event_id=message.event_id,
            type=message.type,
            job=message.job,
            body=message.body,
            created_at=now,
            since=now,
            next_try_at=now,
        )
        self._deliveries[made.id] = made
        return made
