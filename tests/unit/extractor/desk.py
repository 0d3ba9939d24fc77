"""A dispatcher on memory adapters, for the extractor's unit tests."""

import asyncio

from extractor.call_limits import FixedLimit
from extractor.dispatcher import Dispatcher
from extractor.watermark import Partition
from extractor.window import Window
from feuilleton.contracts.events import EventData
from feuilleton.contracts.job_settings import Engine
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetterLimit, DeadLetters
from tests.unit.extractor.chunk_builders import Bench

P = Partition("chunks", 0)
Q = Partition("chunks", 1)


class Desk(Bench):
    """A dispatcher on memory adapters, with partitions P and Q assigned."""

    def open(
        self, *, calls: int = 2, limit: DeadLetterLimit | None = None, handover_seconds: float = 180.0
    ) -> Dispatcher:
        self.commands = Commands()
        self.window = Window(10**6)
        self.dispatcher = Dispatcher(
            self.handler(),
            DeadLetters(self.publisher, service="extractor", limit=limit),
            self.commands,
            {Engine.LOCAL: FixedLimit(calls)},
            self.window,
            handover_seconds=handover_seconds,
        )
        self.dispatcher.assign([P, Q])
        return self.dispatcher

    def command(self, command: EventData) -> None:
        self.commands.add(command, 0.0)
        self.dispatcher.obey(command)

    async def settle(self) -> None:
        """Until nothing runs; while the script holds its work, long enough for the rest to come to rest."""
        for _ in range(1000):
            await asyncio.sleep(0.02)
            if self.script.hold or not self.dispatcher.busy:
                return
