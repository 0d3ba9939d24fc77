"""Jobs whose time is over: the merger is told to remove them. Those that still run are left until they have ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from feuilleton.contracts.errors import PipelineError, TransientError
from feuilleton.contracts.events import PurgeJob, to_message
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.observability import metrics
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.closing import end_task
from feuilleton.streaming.ports import Publisher

_AT_ONCE = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ExpiredJob:
    """`attempt` is the last one."""

    tenant: TenantId
    job: JobId
    attempt: int


class ExpiringRows(Protocol):
    async def take_expired(self, limit: int) -> Sequence[ExpiredJob]:
        """Jobs whose time is over and whose attempts have all ended, the longest over first. No attempt or copy of them
        begins from now on. Each is taken by one process, and again an hour later if it is still not deleted.

        Raises DatabaseUnavailableError.
        """
        ...

    async def give_back(self, jobs: Sequence[JobId]) -> None:
        """These were not ordered: they are taken again at once, and stay closed until then."""
        ...


@dataclass
class Retention:
    """Runs until stopped. One of the places that may catch anything: books would be kept for ever without it."""

    rows: ExpiringRows
    publisher: Publisher
    sweep_seconds: float
    _task: asyncio.Task[None] | None = field(default=None)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        await end_task(self._task)

    async def purge_expired(self) -> int:
        """Returns how many were ordered to be removed. What a killed process had taken is ordered in an hour."""
        expired = await self.rows.take_expired(_AT_ONCE)
        for at, one in enumerate(expired):
            command = PurgeJob(job=one.job, tenant=one.tenant, attempt=one.attempt)
            try:
                await self.publisher.publish(to_message(command, source="ingest", traceparent=new_traceparent()))
            except TransientError:
                await self.rows.give_back([each.job for each in expired[at:]])
                raise
            metrics.JOBS_PURGED.inc()
            log.info("job_purge_ordered", job_id=one.job)
        return len(expired)

    async def _run(self) -> None:
        while True:
            try:
                while await self.purge_expired() == _AT_ONCE:
                    pass
            except PipelineError as exc:
                log.warning("retention_waits", code=exc.code)
            except Exception as exc:
                log.exception("retention_failed", exc_info=exc)
            await asyncio.sleep(self.sweep_seconds)
