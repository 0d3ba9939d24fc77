import asyncio

import pytest

from feuilleton.contracts.errors import BrokerUnavailableError, LostInvariantError
from feuilleton.streaming.parts import Part, PartsInBackground, start_parts


class ScriptedPart:
    """Raises each fault in turn when started, then hangs or runs."""

    def __init__(self, *faults: Exception, hangs: bool = False) -> None:
        self._faults = list(faults)
        self._hangs = hangs
        self.starting = asyncio.Event()
        self.cancelled = False
        self.running = False

    async def start(self) -> None:
        self.starting.set()
        if self._faults:
            raise self._faults.pop(0)
        if self._hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        self.running = True

    async def stop(self) -> None:
        self.running = False


@pytest.mark.heavy
async def test_a_part_is_tried_until_what_it_needs_is_there() -> None:
    part, started = ScriptedPart(BrokerUnavailableError("away")), list[Part]()
    assert await start_parts([part], started, asyncio.Event())
    assert part.running
    assert started == [part]


async def test_a_stop_ends_a_start_that_hangs_and_names_what_runs() -> None:
    hanging, running, started, stop = ScriptedPart(hangs=True), ScriptedPart(), list[Part](), asyncio.Event()
    starting = asyncio.create_task(start_parts([hanging, running], started, stop))
    await hanging.starting.wait()
    stop.set()
    assert not await asyncio.wait_for(starting, 5)
    assert hanging.cancelled
    assert started == [running]


async def test_a_part_that_cannot_start_ends_the_start_of_the_others() -> None:
    hanging, broken = ScriptedPart(hangs=True), ScriptedPart(LostInvariantError("no such schema"))
    with pytest.raises(LostInvariantError):
        await start_parts([hanging, broken], [], asyncio.Event())
    assert hanging.cancelled


async def test_a_stop_while_parts_start_in_the_background_stops_those_that_run() -> None:
    hanging, running = ScriptedPart(hangs=True), ScriptedPart()
    parts = PartsInBackground([hanging, running])
    parts.start()
    await hanging.starting.wait()
    await asyncio.wait_for(parts.stop(), 5)
    assert hanging.cancelled
    assert not running.running
