"""What ingest does beside requests: the relay of the outbox, and the sweep of what no admission followed."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from feuilleton.contracts import ids
from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.closing import end_task
from ingest.outbox import Outbox
from ingest.ports import AdmissionStore

STAGE_AGE_SECONDS = 3600.0  # far beyond the longest request
INCOMING_AGE = timedelta(days=1)
SWEEP_EVERY_SECONDS = 600.0
log = structlog.get_logger(__name__)


async def sweep(store: ObjectStore, rows: AdmissionStore, now: datetime, *, deleted_seconds: float) -> int:
    """Remove objects that no admission followed, what was written into folders after they were deleted, and keys that
    lapsed; settle what ended unsettled. Returns how many objects went.

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
    for tenant, job in await rows.deleted_jobs(deleted_seconds):
        gone += await _sweep_deleted(store, tenant, job)
        await rows.mark_files_swept(job)
    await rows.drop_old_keys()
    settled = await rows.settle_missed()
    if settled:
        log.warning("jobs_settled_late", count=settled)
    return gone + len(old)


async def _sweep_deleted(store: ObjectStore, tenant: TenantId, job: JobId) -> int:
    late = [info.key async for info in store.list(ids.job_prefix(tenant, job))]
    for key in late:
        await store.delete(key)
    if late:
        log.warning("late_objects_removed", job_id=job, count=len(late))
    return len(late)


@dataclass
class Housekeeping:
    """Runs the relay and the sweep until stopped; an outage is waited out, and so is a schema not yet migrated.

    One of the places that may catch anything: a relay that died would leave admitted jobs behind in silence.
    """

    store: ObjectStore
    rows: AdmissionStore
    outbox: Outbox
    poll_seconds: float
    deleted_seconds: float
    _tasks: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        self._tasks = (
            asyncio.create_task(self._relay(), name="outbox-relay"),
            asyncio.create_task(self._sweep(), name="sweep"),
        )

    async def stop(self) -> None:
        for task in self._tasks:
            await end_task(task)

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
                removed = await sweep(self.store, self.rows, datetime.now(UTC), deleted_seconds=self.deleted_seconds)
                log.info("sweep_done", removed=removed)
            except PipelineError as exc:
                log.warning("sweep_waits", code=exc.code)
            except Exception as exc:
                log.exception("sweep_failed", exc_info=exc)
            await asyncio.sleep(min(SWEEP_EVERY_SECONDS, max(1.0, self.deleted_seconds)))
