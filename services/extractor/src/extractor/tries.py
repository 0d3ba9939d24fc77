"""One extraction, tried until it gives a checkpoint or has failed for good. The errors' types decide."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

import structlog

from extractor.faults import Fault, fault_of
from extractor.patience import Patience
from feuilleton.contracts.documents import Checkpoint, Usage
from feuilleton.contracts.errors import PipelineError

log = structlog.get_logger(__name__)


class Extraction(Protocol):
    """The work on one chunk. It can be resumed: `run` after an error goes on where the last one stopped."""

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        ...

    async def run(self) -> Checkpoint:
        """Return the checkpoint. Raises TransientError (call `run` again later: what was answered is not asked
        again), and other PipelineErrors for a chunk that has failed for good.
        """
        ...


@dataclass(frozen=True)
class GivenUp:
    """A chunk that failed for good, and what it cost."""

    code: str
    detail: str = ""
    usage: Usage = field(default_factory=Usage)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """Time and chance, as a test replaces them. `now` is aware UTC."""

    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Random = field(default_factory=Random)


class Gate(Protocol):
    async def open(self) -> None:
        """Return when a call may start."""
        ...


async def try_until_settled(
    extraction: Extraction, patience: Patience, gate: Gate, clock: Clock
) -> Checkpoint | GivenUp:
    """Run an extraction as long as trying can help.

    Transient faults are tried again with backoff until the chunk's deadline; a wait for quota, for a place among the
    calls or for the group to answer costs no try and no time. Raises LostInvariantError, and what is no PipelineError.
    """
    while True:
        await _wait_for_the_gate(patience, gate, clock)
        began_at = clock.now()
        patience.begin(began_at)
        left = patience.remaining_seconds(began_at)
        if left <= 0:
            return GivenUp("deadline_exceeded", usage=extraction.usage)
        try:
            async with asyncio.timeout(left) as limit:
                return await extraction.run()
        except PipelineError as exc:
            fault = fault_of(exc)
            if fault is Fault.LOST:
                raise
            if fault is Fault.WAIT:
                # Nor is the time of a call that was refused the chunk's fault.
                patience.exclude((clock.now() - began_at).total_seconds())
            gave_up = await _gives_up_after(exc, fault, patience, clock)
        except TimeoutError:
            if not limit.expired():
                raise
            gave_up = "deadline_exceeded"
        if gave_up is not None:
            return GivenUp(gave_up, usage=extraction.usage)


async def _wait_for_the_gate(patience: Patience, gate: Gate, clock: Clock) -> None:
    asked_at = clock.now()
    await gate.open()
    patience.exclude((clock.now() - asked_at).total_seconds())


async def _gives_up_after(exc: PipelineError, fault: Fault, patience: Patience, clock: Clock) -> str | None:
    """The code to give up with, or None when the chunk may be tried again, after its backoff."""
    if fault is Fault.WAIT:
        return None
    tries_again = fault is Fault.TRANSIENT or (fault is Fault.WORKER and not patience.count_death())
    if not tries_again:
        log.info("chunk_given_up", code=exc.code, detail=exc.detail)
        return exc.code
    seconds = patience.backoff_seconds(clock.random)
    if seconds >= patience.remaining_seconds(clock.now()):
        return "deadline_exceeded"
    log.info("chunk_tried_again", code=exc.code, tries=patience.tries, seconds=round(seconds, 1))
    patience.rests_until = clock.now() + timedelta(seconds=seconds)
    try:
        await clock.sleep(seconds)
    finally:
        patience.rests_until = None
    return None
