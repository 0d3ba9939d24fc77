"""A read that found nothing waits until the rows have passed what was in the log when it asked."""

import asyncio
import time
from typing import Protocol

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.observability import metrics
from feuilleton.streaming.kafka import partition_for

_FIRST_LOOK_SECONDS = 0.01
_LONGEST_LOOK_SECONDS = 0.2


class LogEnds(Protocol):
    async def end(self, topic: str, partition: int) -> int:
        """The offset after the last acknowledged message of a partition. Raises BrokerUnavailableError."""
        ...


class Position(Protocol):
    async def position(self, topic: str, partition: int) -> int:
        """The next offset that will be folded; 0 where that has not begun. Raises DatabaseUnavailableError."""
        ...


class ProjectionBehindError(TransientError):
    """The rows did not catch up in time, so what was asked for can be neither shown nor denied."""

    code = "projection_behind"


class ReadBarrier:
    """`topic` is job-events as the broker names it (with the deployment's prefix)."""

    def __init__(self, rows: Position, ends: LogEnds, *, topic: str, deadline_seconds: float) -> None:
        self._rows = rows
        self._ends = ends
        self._topic = topic
        self._deadline_seconds = deadline_seconds

    async def pass_for(self, job: JobId) -> None:
        """Return when everything that was acknowledged for `job` before the call is in the rows.

        Raises ProjectionBehindError after the deadline, BrokerUnavailableError, DatabaseUnavailableError: the
        caller answers 503, never 404.
        """
        with metrics.BARRIER_SECONDS.time():
            partition = partition_for(job.encode(), JOB_EVENTS.partitions)
            end = await self._ends.end(self._topic, partition)
            deadline = time.monotonic() + self._deadline_seconds
            look = _FIRST_LOOK_SECONDS
            while await self._rows.position(self._topic, partition) < end:
                if time.monotonic() + look > deadline:
                    raise ProjectionBehindError(f"partition {partition} was not folded up to {end} in time")
                await asyncio.sleep(look)
                look = min(_LONGEST_LOOK_SECONDS, look * 1.5)
