"""One suite for the stores of webhooks: in memory (the fake) and on Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from feuilleton.contracts.events import EventData, Outcome
from feuilleton.contracts.ids import TenantId
from feuilleton.database.migrations import migrate
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, FoldStore, Record
from status_api.adapters.database import KEPT_SCHEMA, SCRIPTS
from status_api.adapters.memory_webhooks import MemoryWebhooks
from status_api.adapters.postgres_webhook_fold import PostgresWebhookFold
from status_api.adapters.postgres_webhook_queue import PostgresWebhookQueue
from status_api.adapters.postgres_webhooks import PostgresWebhooks
from status_api.webhooks.events import WebhookEvent, fold_told, trial_message
from status_api.webhooks.ports import (
    DISABLED_BY_USER,
    GONE,
    TESTS_A_MINUTE,
    Delivery,
    DeliveryId,
    DeliveryQueue,
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
    WebhookStore,
)
from tests.unit.status_api.story import Story, a_story

TOPIC = "job-events"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ACME = TenantId("acme")


@dataclass
class Webhooks:
    """The three ports over the same rows, and the clock that the fold reads."""

    store: WebhookStore
    queue: DeliveryQueue
    fold: FoldStore
    now: datetime = NOON

    async def add(self, *events: WebhookEvent, tenant: TenantId = ACME, limit: int = 100) -> Endpoint:
        made = an_endpoint(*events, tenant=tenant)
        await self.store.add(made, limit=limit)
        return made

    async def tell(self, events: Sequence[EventData], *, start: int = 0, partition: int = 0) -> int:
        records = tuple(Record(start + n, NOON + timedelta(seconds=n), event) for n, event in enumerate(events))
        return await self.fold.apply(Batch(TOPIC, partition, start, start + len(events), records))

    async def lease(self, seconds: float = 60, limit: int = 10, per_endpoint: int = 10) -> tuple[Parcel, ...]:
        return await self.queue.lease(Room(limit, per_endpoint, 100), now=self.now, seconds=seconds)

    async def log(self, endpoint: Endpoint) -> tuple[Delivery, ...]:
        """Oldest first."""
        page = await self.store.deliveries(endpoint.id, before=None, limit=1000)
        return tuple(reversed(page.deliveries))

    async def types(self, endpoint: Endpoint) -> list[str]:
        return sorted(delivery.type for delivery in await self.log(endpoint))


def an_endpoint(*events: WebhookEvent, tenant: TenantId = ACME) -> Endpoint:
    return Endpoint(
        id=EndpointId(str(uuid4())),
        tenant=tenant,
        url="https://hooks.example/feuilleton",
        events=events or (WebhookEvent.JOB_ENDED,),
        secret="whsec_" + "a" * 32,
        created_at=NOON,
    )


def story(chunks: int = 2) -> Story:
    return a_story(tenant=ACME, chunks=chunks)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest) -> str | None:
    """The real database, None for the one in memory."""
    return None if request.param == "memory" else request.getfixturevalue("fresh_database_url")


@pytest.fixture
async def webhooks(url: str | None) -> AsyncIterator[Webhooks]:
    if url is None:
        fake = MemoryWebhooks(lambda: made.now)
        made = Webhooks(fake, fake, fake)
        yield made
        return
    await migrate(url, schema=KEPT_SCHEMA, scripts=SCRIPTS[KEPT_SCHEMA])
    database = Database(url, service="tests")
    await database.start()
    fold = PostgresWebhookFold(database, lambda: made.now)
    made = Webhooks(PostgresWebhooks(database), PostgresWebhookQueue(database), fold)
    yield made
    await database.stop()


async def test_an_endpoint_is_found_by_its_tenant_alone(webhooks: Webhooks) -> None:
    made = await webhooks.add(WebhookEvent.JOB_ENDED, WebhookEvent.JOB_DELETED)
    assert await webhooks.store.find(ACME, made.id) == made
    assert await webhooks.store.list_all(ACME) == (made,)
    other = TenantId("other")
    assert await webhooks.store.find(other, made.id) is None
    assert await webhooks.store.list_all(other) == ()
    assert await webhooks.store.change(other, made.id, EndpointChange(enabled=False)) is None
    assert await webhooks.store.rotate(other, made.id, "whsec_x", old_until=NOON) is None
    assert not await webhooks.store.remove(other, made.id)
    assert await webhooks.store.find(ACME, made.id) == made


async def test_no_more_endpoints_than_the_limit_even_when_all_come_at_once(webhooks: Webhooks) -> None:
    results = await asyncio.gather(*(webhooks.add(limit=3) for _ in range(8)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, WebhookLimitReachedError)]
    assert len(refused) == 5
    assert len(await webhooks.store.list_all(ACME)) == 3
    await webhooks.add(tenant=TenantId("other"), limit=3)


async def test_a_change_leaves_what_it_does_not_name(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    changed = await webhooks.store.change(ACME, made.id, EndpointChange(url="https://other.example/"))
    assert changed == replace(made, url="https://other.example/")
    off = await webhooks.store.change(ACME, made.id, EndpointChange(enabled=False))
    assert off is not None
    assert off.disabled_for == DISABLED_BY_USER
    assert off.events == made.events
    events = (WebhookEvent.JOB_DELETED,)
    on = await webhooks.store.change(ACME, made.id, EndpointChange(enabled=True, events=events))
    assert on == replace(made, url="https://other.example/", events=events)


async def test_the_old_secret_stays_until_its_time(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    until = NOON + timedelta(days=1)
    rotated = await webhooks.store.rotate(ACME, made.id, "whsec_new", old_until=until)
    assert rotated == replace(made, secret="whsec_new", old_secret=made.secret, old_until=until)
    assert rotated is not None
    assert rotated.secrets(NOON) == ("whsec_new", made.secret)
    assert rotated.secrets(until) == ("whsec_new",)


async def test_an_event_makes_a_delivery_for_each_endpoint_that_chose_it(webhooks: Webhooks) -> None:
    ends = await webhooks.add()
    both = await webhooks.add(WebhookEvent.JOB_ACCEPTED, WebhookEvent.JOB_ENDED)
    foreign = await webhooks.add(tenant=TenantId("other"))
    off = await webhooks.add()
    await webhooks.store.change(ACME, off.id, EndpointChange(enabled=False))
    events = story().whole()
    assert await webhooks.tell(events) == len(events)
    assert await webhooks.types(ends) == ["job.ended"]
    assert await webhooks.types(both) == ["job.accepted", "job.ended"]
    assert await webhooks.log(foreign) == await webhooks.log(off) == ()
    assert await webhooks.fold.positions(TOPIC) == {0: len(events)}
    (made,) = await webhooks.log(ends)
    assert made.event_id == events[-1].event_id
    assert (made.job, made.state, made.tries) == (events[-1].job, DeliveryState.PENDING, 0)
    assert made.created_at == made.since == made.next_try_at == NOON


async def test_events_from_before_an_endpoint_was_made_are_not_told_to_it(webhooks: Webhooks) -> None:
    late = replace(an_endpoint(), created_at=NOON + timedelta(hours=1))
    await webhooks.store.add(late, limit=10)
    await webhooks.tell(story().whole())
    assert await webhooks.log(late) == ()


async def test_a_webhook_of_one_job_is_told_of_that_job_alone(webhooks: Webhooks) -> None:
    mine, other = story(), story()
    made = replace(an_endpoint(*WebhookEvent), job=mine.job)
    await webhooks.store.add(made, limit=1)
    every = await webhooks.add()
    await webhooks.tell([*mine.whole(), *other.whole()])
    assert {entry.job for entry in await webhooks.log(made)} == {mine.job}
    assert await webhooks.types(every) == ["job.ended", "job.ended"]
    assert await webhooks.store.list_all(ACME) == (every,)
    assert await webhooks.store.list_all(ACME, mine.job) == (made,)
    with pytest.raises(WebhookLimitReachedError):
        await webhooks.store.add(replace(an_endpoint(), job=mine.job), limit=1)


async def test_an_end_told_on_request_and_by_the_log_is_one_message(webhooks: Webhooks) -> None:
    mine = story()
    made = replace(an_endpoint(), job=mine.job)
    await webhooks.store.add(made, limit=1)
    _, told = fold_told({}, [Record(9, NOON, mine.ended())])
    for _ in range(2):
        await webhooks.store.tell(made.id, told[0])
    await webhooks.tell(mine.whole())
    assert [entry.event_id for entry in await webhooks.log(made)] == [mine.ended().event_id]
    await webhooks.store.tell(EndpointId("none"), told[0])


async def test_webhooks_of_jobs_go_when_their_job_is_long_silent_and_nothing_waits(webhooks: Webhooks) -> None:
    mine, day = story(), timedelta(days=1)
    made, every = replace(an_endpoint(), job=mine.job), await webhooks.add()
    await webhooks.store.add(made, limit=1)
    await webhooks.tell(mine.whole())

    async def prune(before: datetime) -> bool:
        await webhooks.queue.prune(deliveries_before=before, jobs_before=NOON, limit=10)
        return await webhooks.store.find(ACME, made.id) is None

    assert not await prune(NOON + day)
    for parcel in await webhooks.lease():
        await webhooks.queue.settle(parcel, Verdict(DeliveryState.DELIVERED, status=200), now=NOON)
    assert not await prune(NOON)
    assert await prune(NOON + day)
    assert await webhooks.store.find(ACME, every.id) == every


async def test_duplicates_late_ends_and_batches_given_twice_make_one_delivery(webhooks: Webhooks) -> None:
    made = await webhooks.add(*WebhookEvent)
    one = story()
    events = [event for event in one.whole() for _ in range(2)]
    events += [one.ended(outcome=Outcome.FAILED), one.merging()]
    await webhooks.tell(events)
    await webhooks.tell(events)
    await webhooks.tell(events, start=len(events))
    expected = ["job.accepted", "job.ended", "job.merging", "job.split", "job.splitting"]
    assert await webhooks.types(made) == expected
    end = next(entry for entry in await webhooks.log(made) if entry.type == "job.ended")
    assert '"outcome": "completed"' in end.body


async def test_what_was_told_is_not_told_again_when_its_delivery_was_pruned(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    events = story().whole()
    await webhooks.tell(events)
    (parcel,) = await webhooks.lease()
    await webhooks.queue.settle(parcel, Verdict(DeliveryState.DELIVERED, status=200), now=webhooks.now)
    assert await webhooks.queue.prune(deliveries_before=NOON + timedelta(days=1), jobs_before=NOON, limit=10) == 1
    await webhooks.tell(events[-1:], start=len(events))
    assert await webhooks.log(made) == ()


async def test_a_batch_beyond_the_rows_is_refused_with_the_place_to_go_on_from(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    assert await webhooks.tell(story().whole(), start=5) == 0
    assert await webhooks.log(made) == ()
    await webhooks.fold.raise_position(TOPIC, 0, 5)
    await webhooks.fold.raise_position(TOPIC, 0, 2)
    assert await webhooks.tell(story().whole(), start=5) > 5
    assert await webhooks.types(made) == ["job.ended"]


async def test_a_log_made_anew_is_folded_again_and_tells_nothing_twice(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    events = story().whole()
    await webhooks.tell(events)
    await webhooks.fold.begin_again(TOPIC, 0, 0)
    another = story().whole()
    await webhooks.tell([*events, *another])
    told = sorted(entry.event_id for entry in await webhooks.log(made))
    assert told == sorted([events[-1].event_id, another[-1].event_id])


async def test_senders_at_once_share_what_is_due_and_none_gets_what_another_has(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell([event for _ in range(20) for event in story(chunks=1).whole()])
    taken = [
        parcel.id
        for parcels in await asyncio.gather(*(webhooks.lease(limit=6) for _ in range(5)))
        for parcel in parcels
    ]
    while parcels := await webhooks.lease(limit=6):
        taken += [parcel.id for parcel in parcels]
    assert sorted(taken) == sorted(entry.id for entry in await webhooks.log(made))
    assert {entry.tries for entry in await webhooks.log(made)} == {1}


async def test_a_lease_ends_and_the_next_sender_gets_the_same_message(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    (first,) = await webhooks.lease(seconds=60)
    assert (first.tries, first.endpoint) == (1, made)
    assert await webhooks.lease() == ()
    webhooks.now += timedelta(seconds=60)
    (second,) = await webhooks.lease(seconds=60)
    assert (second.event_id, second.body, second.tries) == (first.event_id, first.body, 2)
    done = Verdict(DeliveryState.DELIVERED, status=200)
    assert not await webhooks.queue.settle(first, done, now=webhooks.now)
    assert await webhooks.queue.settle(second, done, now=webhooks.now)
    (entry,) = await webhooks.log(made)
    assert (entry.state, entry.status, entry.tries, entry.next_try_at) == (DeliveryState.DELIVERED, 200, 2, None)
    assert entry.tried_at == webhooks.now


async def test_a_try_that_failed_is_due_again_at_its_time(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    (parcel,) = await webhooks.lease()
    later = NOON + timedelta(minutes=5)
    verdict = Verdict(DeliveryState.PENDING, status=503, error="bad_status", next_try_at=later)
    assert await webhooks.queue.settle(parcel, verdict, now=NOON)
    webhooks.now = later - timedelta(seconds=1)
    assert await webhooks.lease() == ()
    assert await webhooks.queue.waiting(now=webhooks.now) == Waiting(1, 0.0)
    webhooks.now = later + timedelta(seconds=3)
    assert await webhooks.queue.waiting(now=webhooks.now) == Waiting(1, 3.0)
    (again,) = await webhooks.lease()
    assert again.tries == 2
    (entry,) = await webhooks.log(made)
    assert (entry.status, entry.error) == (503, "bad_status")


async def test_a_receiver_that_is_gone_disables_its_endpoint(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    (parcel,) = await webhooks.lease()
    await webhooks.queue.settle(parcel, Verdict(DeliveryState.FAILED, 410, "gone", gone=True), now=NOON)
    assert await webhooks.store.find(ACME, made.id) == replace(made, disabled_for=GONE)
    await webhooks.tell(story().whole(), partition=1)
    assert await webhooks.types(made) == ["job.ended"]


async def test_one_endpoint_takes_no_others_places(webhooks: Webhooks) -> None:
    crowded, other = await webhooks.add(), await webhooks.add(tenant=TenantId("other"))
    await webhooks.tell([event for _ in range(9) for event in story(chunks=1).whole()])
    webhooks.now += timedelta(seconds=1)
    await webhooks.tell(a_story(tenant="other").whole(), partition=1)
    parcels = await webhooks.queue.lease(Room(8, 4, 100, (crowded,)), now=webhooks.now, seconds=60)
    assert [parcel.endpoint.id for parcel in parcels].count(crowded.id) == 3
    assert [parcel.endpoint.id for parcel in parcels].count(other.id) == 1


async def test_one_tenant_takes_no_others_places_however_many_endpoints_it_has(webhooks: Webhooks) -> None:
    crowd = [await webhooks.add() for _ in range(6)]
    other = await webhooks.add(tenant=TenantId("other"))
    await webhooks.tell([*story().whole(), *story().whole()])
    webhooks.now += timedelta(seconds=1)
    await webhooks.tell(a_story(tenant="other").whole(), partition=1)
    parcels = await webhooks.queue.lease(Room(20, 4, 5, (crowd[0],)), now=webhooks.now, seconds=60)
    tenants = [parcel.endpoint.tenant for parcel in parcels]
    assert (tenants.count(ACME), tenants.count(other.tenant)) == (4, 1)


async def test_a_disabled_endpoint_still_gives_its_parcels_so_that_each_comes_to_an_end(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    await webhooks.store.change(ACME, made.id, EndpointChange(enabled=False))
    (parcel,) = await webhooks.lease()
    assert not parcel.endpoint.enabled


async def test_removing_an_endpoint_removes_its_log_and_what_is_on_its_way(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    (parcel,) = await webhooks.lease()
    assert await webhooks.store.remove(ACME, made.id)
    assert not await webhooks.queue.settle(parcel, Verdict(DeliveryState.DELIVERED, status=200), now=NOON)
    assert await webhooks.log(made) == ()
    assert await webhooks.store.redeliver(made.id, parcel.id, now=NOON) is None


async def test_a_test_message_goes_to_its_endpoint_alone_and_not_too_often(webhooks: Webhooks) -> None:
    made, other = await webhooks.add(), await webhooks.add()
    for number in range(TESTS_A_MINUTE):
        message = trial_message(f"test-{number}", ACME, NOON)
        assert await webhooks.store.add_test(made.id, message) is not None
    with pytest.raises(TooManyTestsError):
        await webhooks.store.add_test(made.id, trial_message("one-more", ACME, NOON))
    later = NOON + timedelta(minutes=1, seconds=1)
    assert await webhooks.store.add_test(made.id, trial_message("later", ACME, later)) is not None
    assert await webhooks.store.add_test(EndpointId("none"), trial_message("nobody", ACME, NOON)) is None
    assert await webhooks.log(other) == ()
    assert len(await webhooks.log(made)) == TESTS_A_MINUTE + 1


async def test_the_log_is_read_page_by_page_newest_first(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    for hour in range(3):
        webhooks.now = NOON + timedelta(hours=hour)
        await webhooks.tell([*story().whole(), *story().whole()], partition=hour)
    seen: list[DeliveryId] = []
    before: tuple[datetime, DeliveryId] | None = None
    while True:
        page = await webhooks.store.deliveries(made.id, before=before, limit=4)
        seen += [entry.id for entry in page.deliveries]
        if not page.more:
            break
        before = (page.deliveries[-1].created_at, page.deliveries[-1].id)
    assert seen == [entry.id for entry in reversed(await webhooks.log(made))]
    assert len(set(seen)) == 6


async def test_a_delivery_asked_for_again_starts_afresh(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell(story().whole())
    (parcel,) = await webhooks.lease()
    on_its_way = await webhooks.store.redeliver(made.id, parcel.id, now=NOON)
    assert on_its_way is not None
    assert on_its_way.tries == 1
    await webhooks.queue.settle(parcel, Verdict(DeliveryState.FAILED, 500, "bad_status"), now=NOON)
    webhooks.now = NOON + timedelta(days=2)
    again = await webhooks.store.redeliver(made.id, parcel.id, now=webhooks.now)
    assert again is not None
    assert (again.state, again.tries, again.since, again.next_try_at) == (
        DeliveryState.PENDING,
        0,
        webhooks.now,
        webhooks.now,
    )
    (second,) = await webhooks.lease()
    assert (second.event_id, second.tries, second.since) == (parcel.event_id, 1, webhooks.now)
    assert await webhooks.store.redeliver(EndpointId("none"), parcel.id, now=NOON) is None


async def test_only_what_has_ended_and_is_old_is_forgotten(webhooks: Webhooks) -> None:
    made = await webhooks.add()
    await webhooks.tell([*story().whole(), *story().whole()])
    first, _ = await webhooks.lease()
    await webhooks.queue.settle(first, Verdict(DeliveryState.FAILED, 500, "bad_status"), now=NOON)
    day = timedelta(days=1)
    assert await webhooks.queue.prune(deliveries_before=NOON, jobs_before=NOON, limit=10) == 0
    assert await webhooks.queue.prune(deliveries_before=NOON + day, jobs_before=NOON, limit=10) == 1
    assert [entry.state for entry in await webhooks.log(made)] == [DeliveryState.PENDING]
    assert await webhooks.queue.prune(deliveries_before=NOON, jobs_before=NOON + day, limit=1) == 1
    assert await webhooks.queue.prune(deliveries_before=NOON, jobs_before=NOON + day, limit=10) == 1
