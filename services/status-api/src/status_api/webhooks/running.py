"""The three loops of the webhooks process: fold, send, tidy up. They end together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.observability import metrics
from feuilleton.streaming.log_folding import LogFolder
from status_api.webhooks.deliverer import Deliverer
from status_api.webhooks.ports import DeliveryQueue

_LOOK_EVERY_SECONDS = 15.0
_PRUNED_AT_ONCE = 1000
# An event of a job may stand in the log for as long as that keeps events, and be read again.
_JOBS_KEPT = timedelta(milliseconds=JOB_EVENTS.retention_ms) + timedelta(days=15)
log = structlog.get_logger(__name__)


class Housekeeping:
    """Shows what waits, and forgets what is over and old."""

    def __init__(self, queue: DeliveryQueue, *, kept: timedelta, clock: Callable[[], datetime]) -> None:
        self._queue = queue
        self._kept = kept
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except DatabaseUnavailableError as exc:
                log.warning("webhooks_waiting", waits_for="database", detail=exc.detail)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def step(self) -> None:
        now = self._clock()
        found = await self._queue.waiting(now=now)
        metrics.WEBHOOKS_PENDING.set(found.pending)
        metrics.WEBHOOKS_OVERDUE_SECONDS.set(found.overdue_seconds)
        gone = await self._queue.prune(
            deliveries_before=now - self._kept, jobs_before=now - _JOBS_KEPT, limit=_PRUNED_AT_ONCE
        )
        if gone:
            log.info("webhook_log_pruned", rows=gone)


@dataclass(frozen=True)
class Webhooks:
    """`run` it until cancelled: then the posts under way are waited for."""

    folder: LogFolder
    deliverer: Deliverer
    housekeeping: Housekeeping

    @property
    def beat_at(self) -> float:
        """When the loop that is silent for longest last turned."""
        return min(self.folder.beat_at, self.deliverer.beat_at)

    async def run(self) -> None:
        """Raises what the first loop to break raised."""
        loops = [
            asyncio.create_task(part.run(), name=type(part).__name__)
            for part in (self.folder, self.deliverer, self.housekeeping)
        ]
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.wait(loops)
        for loop in loops:
            if not loop.cancelled():
                loop.result()
