"""Where a job stands in the queue, and how long it may take: an estimate from what ended within the last hour."""

import asyncio
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from feuilleton.contracts.job_state import JobStatus
from status_api.ports import JobReader, RunningAttempts
from status_api.projection import Job

_HOUR_SECONDS = 3600
_FRESH_SECONDS = 2.0


@dataclass(frozen=True)
class Place:
    """1 is the next to be taken; `eta_seconds` until the end, None where nothing ended within the last hour."""

    position: int
    eta_seconds: int | None


def place_of(job: Job, number: int, running: RunningAttempts) -> Place | None:
    """Of an attempt that nobody has taken up yet; None for any other. Pure.

    All that were accepted before it are taken to end before it, at the rate of the last hour: small books behind big
    ones end sooner, big ones later.
    """
    attempt = job.attempts[number]
    if job.deleted or attempt.accepted_at is None or attempt.state.status is not JobStatus.ACCEPTED:
        return None
    ahead = bisect_left(running.accepted_at, attempt.accepted_at)
    rate = running.ended_last_hour
    eta = round((ahead + 1) * _HOUR_SECONDS / rate) if rate else None
    return Place(max(1, bisect_right(running.waiting_since, attempt.accepted_at)), eta)


class Queue:
    """The attempts without an end, read at most every two seconds in one process, however many ask."""

    def __init__(self, reader: JobReader) -> None:
        self._reader = reader
        self._lock = asyncio.Lock()
        self._read_at = -_FRESH_SECONDS
        self._running = RunningAttempts((), (), 0)

    async def place_of(self, job: Job, number: int) -> Place | None:
        """Raises DatabaseUnavailableError."""
        if job.attempts[number].state.status is not JobStatus.ACCEPTED:
            return None
        async with self._lock:
            if time.monotonic() - self._read_at >= _FRESH_SECONDS:
                self._running = await self._reader.running_attempts()
                self._read_at = time.monotonic()
        return place_of(job, number, self._running)
