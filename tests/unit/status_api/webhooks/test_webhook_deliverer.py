"""The loop of deliveries over the store in memory, a clock of its own and receivers that are scripted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.ids import TenantId
from feuilleton.streaming.folding import Batch, Record
from status_api.adapters.memory_webhooks import MemoryWebhooks
from status_api.webhooks.backoff import Schedule
from status_api.webhooks.deliverer import DISABLED, Bounds, Deliverer, judge
from status_api.webhooks.events import WebhookEvent
from status_api.webhooks.ports import (
    Delivery,
    DeliveryId,
    DeliveryState,
    Endpoint,
    EndpointChange,
    EndpointId,
    Parcel,
    Room,
    Verdict,
)
from status_api.webhooks.sender import Answer
from tests.unit.status_api.story import a_story

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ACME = TenantId("acme")
_T = TypeVar("_T")
SCHEDULE = Schedule(first_seconds=5, longest_seconds=4 * 3600, try_for_seconds=24 * 3600)
BOUNDS = Bounds(at_once=8, per_endpoint=3, lease_seconds=60, poll_seconds=0.01, drain_seconds=1)


@dataclass
class Posts:
    """Answers by endpoint, one after the other, the last for good. Posts wait while `gate` is closed."""

    answers: dict[EndpointId, list[Answer]] = field(default_factory=dict)
    made: list[Parcel] = field(default_factory=list)
    at_work: dict[EndpointId, int] = field(default_factory=dict)
    most: dict[EndpointId, int] = field(default_factory=dict)
    most_in_all: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, parcel: Parcel, _now: datetime) -> Answer:
        key = parcel.endpoint.id
        self.made.append(parcel)
        self.at_work[key] = self.at_work.get(key, 0) + 1
        self.most[key] = max(self.most.get(key, 0), self.at_work[key])
        self.most_in_all = max(self.most_in_all, sum(self.at_work.values()))
        await self.gate.wait()
        self.at_work[key] -= 1
        answers = self.answers.get(key, [Answer(200)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Shaky(MemoryWebhooks):
    """A queue whose database goes away for the next `failures` calls."""

    failures = 0

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailableError("away")

    async def lease(self, room: Room, *, now: datetime, seconds: float) -> tuple[Parcel, ...]:
        self._fail()
        return await super().lease(room, now=now, seconds=seconds)

    async def settle(self, parcel: Parcel, verdict: Verdict, *, now: datetime) -> bool:
        self._fail()
        return await super().settle(parcel, verdict, now=now)


async def until(look: Callable[[], Awaitable[_T]], condition: Callable[[_T], bool]) -> _T:
    async with asyncio.timeout(30):
        while True:
            found = await look()
            if condition(found):
                return found
            await asyncio.sleep(0.005)


class Desk:
    def __init__(self) -> None:
        self.now = NOON
        self.queue = Shaky(lambda: self.now)
        self.posts = Posts()
        self.posts.gate.set()
        self.offset = 0

    async def endpoint(self, *answers: Answer) -> Endpoint:
        made = Endpoint(
            EndpointId(f"e{len(self.posts.answers)}"), ACME, "https://x.example", (WebhookEvent.JOB_ENDED,), "s", NOON
        )
        self.posts.answers[made.id] = list(answers) or [Answer(200)]
        await self.queue.add(made, limit=100)
        return made

    async def tell(self, jobs: int = 1) -> None:
        for _ in range(jobs):
            record = Record(self.offset, NOON, a_story(tenant=ACME).ended())
            await self.queue.apply(Batch("job-events", 0, self.offset, self.offset + 1, (record,)))
            self.offset += 1

    async def log(self, endpoint: Endpoint) -> tuple[Delivery, ...]:
        return (await self.queue.deliveries(endpoint.id, before=None, limit=1000)).deliveries

    async def until(self, endpoint: Endpoint, state: DeliveryState, count: int = 1) -> None:
        await until(lambda: self.log(endpoint), lambda log: [entry.state for entry in log].count(state) >= count)

    async def until_posted(self, count: int) -> None:
        async def posts() -> int:
            return len(self.posts.made)

        await until(posts, lambda made: made >= count)

    def deliverer(self, bounds: Bounds = BOUNDS) -> Deliverer:
        return Deliverer(self.queue, self.posts, SCHEDULE, bounds, clock=lambda: self.now, chance=lambda: 0.5)

    @asynccontextmanager
    async def running(self, bounds: Bounds = BOUNDS) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.deliverer(bounds).run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_is_due_is_posted_once_and_written_down(desk: Desk) -> None:
    endpoint = await desk.endpoint()
    await desk.tell(3)
    async with desk.running():
        await desk.until(endpoint, DeliveryState.DELIVERED, 3)
    assert len({parcel.event_id for parcel in desk.posts.made}) == len(desk.posts.made) == 3
    assert [(entry.status, entry.error, entry.tries) for entry in await desk.log(endpoint)] == [(200, None, 1)] * 3


def _tried(log: tuple[Delivery, ...], *, tries: int) -> bool:
    """Whether so many tries of the only delivery are over."""
    return log[0].tries == tries and log[0].next_try_at is not None and log[0].error == _ERRORS[tries - 1]


_ERRORS = ("unreachable", "bad_status")


async def test_a_receiver_that_was_down_is_tried_again_with_the_same_message_when_it_is_time(desk: Desk) -> None:
    endpoint = await desk.endpoint(Answer(error="unreachable"), Answer(503), Answer(200))
    await desk.tell()
    gaps = []
    async with desk.running():
        for tries in (1, 2):
            expected = partial(_tried, tries=tries)
            (found,) = await until(lambda: desk.log(endpoint), expected)
            assert found.next_try_at is not None
            gaps.append((found.next_try_at - desk.now).total_seconds())
            desk.now = found.next_try_at
        await desk.until(endpoint, DeliveryState.DELIVERED)
    assert gaps == [5, 20]
    assert len({(parcel.event_id, parcel.body) for parcel in desk.posts.made}) == 1
    assert [parcel.tries for parcel in desk.posts.made] == [1, 2, 3]


async def test_a_receiver_that_never_answers_is_given_up_after_a_day(desk: Desk) -> None:
    endpoint = await desk.endpoint(Answer(500))
    await desk.tell()
    made = desk.deliverer()
    (found,) = await desk.log(endpoint)
    while found.next_try_at is not None:
        desk.now = found.next_try_at
        assert await made.step()
        await asyncio.wait(made._posts)
        (found,) = await desk.log(endpoint)
    assert (found.state, found.status, found.error) == (DeliveryState.FAILED, 500, "bad_status")
    assert desk.now == NOON + timedelta(days=1)


async def test_a_receiver_that_is_gone_is_posted_to_no_more(desk: Desk) -> None:
    endpoint = await desk.endpoint(Answer(410))
    await desk.tell()
    async with desk.running():
        await desk.until(endpoint, DeliveryState.FAILED)
        await desk.tell(3)
    found = await desk.queue.find(ACME, endpoint.id)
    assert found is not None
    assert found.disabled_for == "gone"
    assert len(desk.posts.made) == 1


async def test_what_waits_for_an_endpoint_that_was_disabled_ends_without_a_post(desk: Desk) -> None:
    endpoint = await desk.endpoint()
    await desk.tell(2)
    await desk.queue.change(ACME, endpoint.id, EndpointChange(enabled=False))
    async with desk.running():
        await desk.until(endpoint, DeliveryState.FAILED, 2)
    assert {entry.error for entry in await desk.log(endpoint)} == {"webhook_disabled"}
    assert desk.posts.made == []


async def test_one_slow_receiver_keeps_its_few_places_and_no_other_waits_for_it(desk: Desk) -> None:
    slow, quick = await desk.endpoint(), await desk.endpoint()
    desk.posts.gate.clear()
    await desk.tell(20)
    async with desk.running():
        await desk.until_posted(6)
        await asyncio.sleep(0.05)
        assert desk.posts.at_work == {slow.id: 3, quick.id: 3}
        desk.posts.gate.set()
        await desk.until(slow, DeliveryState.DELIVERED, 20)
        await desk.until(quick, DeliveryState.DELIVERED, 20)
    assert desk.posts.most == {slow.id: 3, quick.id: 3}


async def test_one_tenants_receivers_keep_their_few_places_however_many_they_are(desk: Desk) -> None:
    endpoints = [await desk.endpoint() for _ in range(6)]
    await desk.tell(3)
    async with desk.running(replace(BOUNDS, per_tenant=2)):
        for endpoint in endpoints:
            await desk.until(endpoint, DeliveryState.DELIVERED, 3)
    assert desk.posts.most_in_all <= 2


async def test_no_more_posts_at_once_than_the_bound(desk: Desk) -> None:
    endpoints = [await desk.endpoint() for _ in range(6)]
    await desk.tell(5)
    async with desk.running():
        for endpoint in endpoints:
            await desk.until(endpoint, DeliveryState.DELIVERED, 5)
    assert desk.posts.most_in_all <= BOUNDS.at_once


async def test_a_database_that_goes_away_stops_progress_and_loses_nothing(desk: Desk) -> None:
    endpoint = await desk.endpoint()
    await desk.tell(2)
    desk.queue.failures = 3
    async with desk.running() as task:
        await desk.until(endpoint, DeliveryState.DELIVERED, 2)
        assert not task.done()


async def test_a_stop_waits_for_the_posts_under_way_and_writes_them_down(desk: Desk) -> None:
    endpoint = await desk.endpoint()
    await desk.tell()
    desk.posts.gate.clear()
    async with desk.running() as task:
        await desk.until_posted(1)
        task.cancel()
        await asyncio.sleep(0.02)
        assert not task.done()
        desk.posts.gate.set()
        await asyncio.wait({task})
    assert [entry.state for entry in await desk.log(endpoint)] == [DeliveryState.DELIVERED]


def a_parcel(tries: int = 1) -> Parcel:
    endpoint = Endpoint(EndpointId("e"), ACME, "https://x.example", (WebhookEvent.JOB_ENDED,), "s", NOON)
    return Parcel(DeliveryId("d"), "lease", endpoint, "event", "{}", tries, NOON)


@pytest.mark.parametrize("status", [100, 301, 304, 400, 401, 404, 429, 500, 503])
def test_any_answer_but_a_success_is_tried_again(status: int) -> None:
    verdict = judge(Answer(status), a_parcel(), SCHEDULE, now=NOON, chance=0.5)
    assert verdict == Verdict(DeliveryState.PENDING, status, "bad_status", NOON + timedelta(seconds=5))


def test_a_success_ends_it_and_a_disabled_endpoint_too() -> None:
    for status in (200, 202, 204, 299):
        assert judge(Answer(status), a_parcel(), SCHEDULE, now=NOON, chance=0.5) == Verdict(
            DeliveryState.DELIVERED, status
        )
    assert judge(DISABLED, a_parcel(), SCHEDULE, now=NOON, chance=0.5) == Verdict(
        DeliveryState.FAILED, error="webhook_disabled"
    )


def test_a_receiver_may_ask_for_more_time() -> None:
    verdict = judge(Answer(429, retry_after_seconds=600), a_parcel(), SCHEDULE, now=NOON, chance=0.5)
    assert verdict.next_try_at == NOON + timedelta(minutes=10)
