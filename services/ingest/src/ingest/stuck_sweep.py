"""Nothing is stuck in silence: attempts that nobody works on any more are published again, or expire.

Every worker bears the repetition: the splitter reads its manifest, the extractor its checkpoints, the merger the store.
So what is published is the upload of the attempt, whatever was lost.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.events import ExpireJob, JobAccepted, JobEnded, to_message
from feuilleton.contracts.ids import JobId
from feuilleton.observability import metrics
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.closing import end_task
from feuilleton.streaming.ports import Publisher
from ingest.attempts import attempt_messages
from ingest.stuck import RunningAttempt, SweepPolicy, Verdict, judge

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Running:
    """Attempts that may need help, and the database's clock."""

    attempts: tuple[RunningAttempt, ...]
    now: datetime


@dataclass(frozen=True)
class EndedJob:
    """An ended job. `ends` are the first ends of its attempts, by number; `reserves` what each held."""

    accepted: JobAccepted
    ends: tuple[JobEnded, ...]
    reserves: tuple[int, ...]


class StuckRows(Protocol):
    """Methods raise DatabaseUnavailableError."""

    def sole_sweeper(self) -> AbstractAsyncContextManager[bool]:
        """True for one process at a time, for as long as the block runs; False for the others."""
        ...

    async def asked(self) -> Running:
        """Running attempts that an operator wants to be published again."""
        ...

    async def asked_ended(self) -> Sequence[EndedJob]:
        """Ended jobs that an operator wants to be told of again."""
        ...

    async def unheard(self, policy: SweepPolicy) -> Running:
        """Published attempts without an end of which nothing was heard for their gap, or that are too old; the
        longest waiting first, bounded.
        """
        ...

    async def mark_published_again(self, job: JobId, attempt: int) -> None: ...

    async def mark_told_again(self, job: JobId) -> None: ...

    async def mark_expired(self, job: JobId, attempt: int) -> None: ...


class Backlog(Protocol):
    """Methods raise BrokerUnavailableError."""

    async def oldest_waiting(self) -> datetime | None:
        """The time of the oldest message that a group of workers has not finished; None when none waits."""
        ...

    async def wait_until_folded(self) -> bool:
        """Whether all that stood in job-events at the call is known to ingest; waits a little for it."""
        ...


@dataclass(frozen=True)
class StuckSweep:
    rows: StuckRows
    backlog: Backlog
    publisher: Publisher
    policy: SweepPolicy

    async def publish_asked(self) -> int:
        """Publish what operators asked for, at once: what runs, to be done; what ended, its facts, which job-events may
        have lost. Returns how many jobs.
        """
        running = await self.rows.asked()
        for attempt in running.attempts:
            await self._publish(attempt)
        ended = await self.rows.asked_ended()
        for job in ended:
            await self._tell_again(job)
        return len(running.attempts) + len(ended)

    async def _tell_again(self, job: EndedJob) -> None:
        """Every known fact in its order. Where the log has it already, the repetition changes nothing."""
        trace = new_traceparent()
        for end, reserve in zip(job.ends, job.reserves, strict=True):
            fact, _ = attempt_messages(job.accepted, end.attempt, trace, reserve=reserve)
            await self.publisher.publish(fact)
            await self.publisher.publish(to_message(end, source="ingest", traceparent=trace))
        await self.rows.mark_told_again(job.accepted.job)
        metrics.ATTEMPTS_SWEPT.labels("told").inc()
        log.warning("job_told_again", job_id=job.accepted.job, attempts=len(job.ends))

    async def sweep(self) -> int:
        """Help what is stuck; nothing happens while another process sweeps, or while ingest is behind job-events.

        Returns how many attempts were published again or expired.
        """
        async with self.rows.sole_sweeper() as sole:
            if not sole or not (await self.rows.unheard(self.policy)).attempts:
                return 0  # the broker is asked only when there may be something to do
            if not await self.backlog.wait_until_folded():
                return 0
            running = await self.rows.unheard(self.policy)
            oldest = await self.backlog.oldest_waiting()
            verdicts = [(one, judge(one, running.now, oldest, self.policy)) for one in running.attempts]
            for attempt, verdict in verdicts:
                await self._act(attempt, verdict)
            return sum(verdict is not Verdict.WAIT for _, verdict in verdicts)

    async def _act(self, attempt: RunningAttempt, verdict: Verdict) -> None:
        if verdict is Verdict.PUBLISH:
            await self._publish(attempt)
        elif verdict is Verdict.EXPIRE:
            await self._expire(attempt)

    async def _publish(self, attempt: RunningAttempt) -> None:
        """The facts too, that of the job and that of the attempt: the log may have lost them."""
        trace = new_traceparent()
        messages = attempt_messages(attempt.accepted, attempt.attempt, trace, reserve=attempt.reserve)
        if attempt.attempt > 1:
            messages = (attempt_messages(attempt.accepted, 1, trace, reserve=0)[0], *messages)
        for message in messages:
            await self.publisher.publish(message)
        await self.rows.mark_published_again(attempt.accepted.job, attempt.attempt)
        metrics.ATTEMPTS_SWEPT.labels("asked" if attempt.asked else "published").inc()
        log.warning(
            "attempt_published_again",
            job_id=attempt.accepted.job,
            attempt=attempt.attempt,
            times=attempt.republished + 1,
            asked=attempt.asked,
        )

    async def _expire(self, attempt: RunningAttempt) -> None:
        accepted = attempt.accepted
        command = ExpireJob(job=accepted.job, tenant=accepted.tenant, attempt=attempt.attempt)
        await self.publisher.publish(to_message(command, source="ingest", traceparent=new_traceparent()))
        await self.rows.mark_expired(accepted.job, attempt.attempt)
        metrics.ATTEMPTS_SWEPT.labels("expired").inc()
        log.warning("attempt_expired", job_id=accepted.job, attempt=attempt.attempt)


@dataclass
class StuckSweeper:
    """Runs the sweep until stopped. One of the places that may catch anything: what is stuck stays stuck without it."""

    work: StuckSweep
    ask_seconds: float
    sweep_seconds: float
    _task: asyncio.Task[None] | None = field(default=None)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="stuck-sweep")

    async def stop(self) -> None:
        await end_task(self._task)

    async def _run(self) -> None:
        swept_at = time.monotonic()
        while True:
            await asyncio.sleep(min(self.ask_seconds, self.sweep_seconds))
            try:
                await self.work.publish_asked()
                if time.monotonic() - swept_at >= self.sweep_seconds:
                    swept_at = time.monotonic()
                    await self.work.sweep()
            except PipelineError as exc:
                log.warning("stuck_sweep_waits", code=exc.code)
            except Exception as exc:
                log.exception("stuck_sweep_failed", exc_info=exc)
