"""To wait for the ends of attempts as far as job-events are folded here: one look for all that wait, and no more."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId

AttemptKey = tuple[JobId, int]
_LOOK_SECONDS = 0.25
_LONGEST_LOOK_SECONDS = 4.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ended:
    """How an attempt ended; `end` is None where its job was deleted before anything else was known."""

    end: JobEnded | None
    deleted: bool


class AttemptEnds(Protocol):
    async def ended(self, attempts: Collection[AttemptKey]) -> Mapping[AttemptKey, Ended]:
        """Those of these attempts that ended, or whose job was deleted. Raises DatabaseUnavailableError."""
        ...


class EndWatch:
    """The rows are read four times a second while somebody waits, however many do, and not at all else."""

    def __init__(self, rows: AttemptEnds) -> None:
        self._rows = rows
        self._waiting: dict[AttemptKey, list[asyncio.Future[Ended]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, job: JobId, attempt: int) -> Ended:
        """Return how the attempt ended, once it has; it may take for ever. Outages of the database are waited out."""
        heard: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        bells = self._waiting.setdefault((job, attempt), [])
        bells.append(heard)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="attempt-ends")
        try:
            return await heard
        finally:
            bells.remove(heard)
            if not bells:
                self._waiting.pop((job, attempt), None)

    async def _look(self) -> None:
        pause = _LOOK_SECONDS
        while self._waiting:
            try:
                found = await self._rows.ended(tuple(self._waiting))
                pause = _LOOK_SECONDS
            except TransientError as exc:
                log.warning("attempt_ends_unknown", code=exc.code)
                found, pause = {}, min(_LONGEST_LOOK_SECONDS, pause * 2)
            for key, ended in found.items():
                for heard in self._waiting.get(key, ()):
                    if not heard.done():
                        heard.set_result(ended)
            await asyncio.sleep(pause)
