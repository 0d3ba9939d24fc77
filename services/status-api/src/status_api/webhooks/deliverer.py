"""Sends what is due, many at once and few of each endpoint and tenant, and writes down what became of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.observability import metrics
from status_api.webhooks.backoff import Schedule
from status_api.webhooks.ports import DeliveryQueue, DeliveryState, Endpoint, Parcel, Room, Verdict
from status_api.webhooks.sender import Answer

_GONE = 410
_SETTLE_GAP_SECONDS = 1.0
DISABLED = Answer(error="webhook_disabled")
log = structlog.get_logger(__name__)


class Poster(Protocol):
    async def post(self, parcel: Parcel, now: datetime) -> Answer:
        """Never raises; bounded in time."""
        ...


@dataclass(frozen=True)
class Bounds:
    """`lease_seconds` must be well above the longest post, or a slow one is sent twice."""

    at_once: int = 32
    per_endpoint: int = 4
    per_tenant: int = 8
    lease_seconds: float = 60.0
    poll_seconds: float = 1.0
    drain_seconds: float = 16.0


def judge(answer: Answer, parcel: Parcel, schedule: Schedule, *, now: datetime, chance: float) -> Verdict:
    """What a try comes to. Pure. Anything but 2xx is tried again, a redirect too: it is not followed."""
    if answer.accepted:
        return Verdict(DeliveryState.DELIVERED, status=answer.status)
    failed = Verdict(DeliveryState.FAILED, status=answer.status, error=answer.error or "bad_status")
    if answer.status == _GONE:
        return Verdict(DeliveryState.FAILED, status=answer.status, error="gone", gone=True)
    if answer is DISABLED:
        return failed
    next_try = schedule.next_try(
        parcel.tries, since=parcel.since, now=now, chance=chance, asked_seconds=answer.retry_after_seconds
    )
    if next_try is None:
        return failed
    return Verdict(DeliveryState.PENDING, status=failed.status, error=failed.error, next_try_at=next_try)


class Deliverer:
    """Runs until cancelled; then takes nothing more, and waits for the posts under way."""

    def __init__(
        self,
        queue: DeliveryQueue,
        poster: Poster,
        schedule: Schedule,
        bounds: Bounds,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._poster = poster
        self._schedule = schedule
        self._bounds = bounds
        self._clock = clock
        self._chance = chance
        self._posts: dict[asyncio.Task[None], Endpoint] = {}
        self.beat_at = time.monotonic()
        """When the loop last turned (monotonic seconds)."""

    async def run(self) -> None:
        try:
            while True:
                self.beat_at = time.monotonic()
                if not await self.step():
                    await self._wait()
        finally:
            if self._posts:
                await asyncio.wait(self._posts, timeout=self._bounds.drain_seconds)

    async def step(self) -> bool:
        """Begin what may be begun now. True when there may be more."""
        room = self._bounds.at_once - len(self._posts)
        if room <= 0:
            return False
        try:
            parcels = await self._queue.lease(
                Room(room, self._bounds.per_endpoint, self._bounds.per_tenant, tuple(self._posts.values())),
                now=self._clock(),
                seconds=self._bounds.lease_seconds,
            )
        except DatabaseUnavailableError as exc:
            log.warning("webhooks_waiting", waits_for="database", detail=exc.detail)
            return False
        for parcel in parcels:
            task = asyncio.create_task(self._deliver(parcel), name="webhook")
            self._posts[task] = parcel.endpoint
            task.add_done_callback(self._done)
        metrics.WEBHOOKS_IN_FLIGHT.set(len(self._posts))
        return bool(parcels)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._posts[task]
        metrics.WEBHOOKS_IN_FLIGHT.set(len(self._posts))
        if not task.cancelled() and task.exception() is not None:
            # Its lease runs out, and it is tried again.
            log.error("webhook_post_broke", exc_info=task.exception())

    async def _wait(self) -> None:
        if self._posts:
            await asyncio.wait(self._posts, timeout=self._bounds.poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self._bounds.poll_seconds)

    async def _deliver(self, parcel: Parcel) -> None:
        begun = time.monotonic()
        answer = await self._poster.post(parcel, self._clock()) if parcel.endpoint.enabled else DISABLED
        seconds = time.monotonic() - begun
        verdict = judge(answer, parcel, self._schedule, now=self._clock(), chance=self._chance())
        metrics.WEBHOOK_POSTS.labels(verdict.error or "delivered").inc()
        metrics.WEBHOOK_POST_SECONDS.observe(seconds)
        if verdict.state is DeliveryState.FAILED:
            metrics.WEBHOOKS_GIVEN_UP.inc()
        await self._settle(parcel, verdict, until=begun + self._bounds.lease_seconds)

    async def _settle(self, parcel: Parcel, verdict: Verdict, *, until: float) -> None:
        """Write it down, again and again while the lease lasts; what is not written is sent again."""
        while True:
            try:
                settled = await self._queue.settle(parcel, verdict, now=self._clock())
            except DatabaseUnavailableError as exc:
                if time.monotonic() + _SETTLE_GAP_SECONDS >= until:
                    log.warning("webhook_not_settled", delivery=parcel.id, detail=exc.detail)
                    return
                await asyncio.sleep(_SETTLE_GAP_SECONDS)
                continue
            if not settled:
                log.info("webhook_lease_lost", endpoint=parcel.endpoint.id, delivery=parcel.id)
            return
