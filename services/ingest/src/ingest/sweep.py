"""What ingest does beside requests: the relay of the outbox, and the sweep of what no admission followed."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from feuilleton.contracts import ids
from feuilleton.contracts.errors import PipelineError
from feuilleton.storage.ports import ObjectStore
from ingest.outbox import Outbox
from ingest.ports import AdmissionStore

STAGE_AGE_SECONDS = 3600.0  # far beyond the longest request
INCOMING_AGE = timedelta(days=1)
SWEEP_EVERY_SECONDS = 600.0
log = structlog.get_logger(__name__)


async def sweep(store: ObjectStore, rows: AdmissionStore, now: datetime) -> int:
    """Remove objects that no admission followed, and keys that lapsed. Returns how many objects went.

    Several processes may sweep at once. Raises TransientError when the store or the database is away.
    """
    gone = 0
    for tenant, job in await rows.stale_stages(STAGE_AGE_SECONDS):
        if await rows.resolve(job):
            continue
        await store.delete(ids.upload_key(tenant, job))
        await rows.drop_stage(job)
        gone += 1
    old = [info.key async for info in store.list("incoming/") if now - info.modified > INCOMING_AGE]
    for key in old:
        await store.delete(key)
    await rows.drop_old_keys()
    return gone + len(old)


@dataclass
class Housekeeping:
    """Runs the relay and the sweep until stopped; an outage is waited out, and so is a schema not yet migrated.

    One of the places that may catch anything: a relay that died would leave admitted jobs behind in silence.
    """

    store: ObjectStore
    rows: AdmissionStore
    outbox: Outbox
    poll_seconds: float
    _tasks: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        self._tasks = (
            asyncio.create_task(self._relay(), name="outbox-relay"),
            asyncio.create_task(self._sweep(), name="sweep"),
        )

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _relay(self) -> None:
        while True:
            await asyncio.sleep(self.poll_seconds)
            try:
                await self.outbox.relay()
            except PipelineError as exc:
                log.warning("relay_waits", code=exc.code)
            except Exception as exc:
                log.exception("relay_failed", exc_info=exc)

    async def _sweep(self) -> None:
        while True:
            try:
                removed = await sweep(self.store, self.rows, datetime.now(UTC))
                log.info("sweep_done", removed=removed)
            except PipelineError as exc:
                log.warning("sweep_waits", code=exc.code)
            except Exception as exc:
                log.exception("sweep_failed", exc_info=exc)
            await asyncio.sleep(SWEEP_EVERY_SECONDS)
