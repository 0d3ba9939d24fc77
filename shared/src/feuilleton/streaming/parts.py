"""Parts of a service that need a server: each is tried until what it needs is there."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import stamina

from feuilleton.contracts.errors import TransientError
from feuilleton.streaming.closing import end_task

_WAIT_MAX_SECONDS = 5.0


class Part(Protocol):
    """Something that runs beside a service. `start` raises TransientError while what it needs is away."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def start_parts(parts: Sequence[Part], started: list[Part], stop: asyncio.Event) -> bool:
    """Start all parts side by side, each waiting for what it needs; each is noted in `started` when it runs.

    False when `stop` is set meanwhile, even in the middle of a start. A part that cannot start (it raised what is no
    TransientError, which is raised here) ends the others' start.
    """
    starting = asyncio.create_task(_start_all(parts, started))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        starting.cancel()
        await asyncio.wait({starting, stopping})
    if not starting.cancelled():
        starting.result()
    return not stop.is_set()


async def _start_all(parts: Sequence[Part], started: list[Part]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(_start_part(part, started))
    except ExceptionGroup as exc:
        raise exc.exceptions[0] from None


async def _start_part(part: Part, started: list[Part]) -> None:
    async for attempt in stamina.retry_context(
        on=TransientError, attempts=None, timeout=None, wait_max=_WAIT_MAX_SECONDS
    ):
        with attempt:
            await part.start()
    started.append(part)


class PartsInBackground:
    """Starts parts beside a service that already answers (with 503 for what needs them)."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._started: list[Part] = []
        self._task: asyncio.Task[bool] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(start_parts(self._parts, self._started, asyncio.Event()), name="start-parts")

    async def stop(self) -> None:
        await end_task(self._task)
        for part in reversed(self._started):
            await part.stop()

    async def check(self) -> None:
        """Raise TransientError until all parts are started; raise what ended the start if something did."""
        if self._task is None or not self._task.done():
            raise TransientError("still starting")
        self._task.result()
