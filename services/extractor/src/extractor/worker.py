"""The extractor as one process: started in order, stopped in order, with an exit status that tells."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

import structlog

from extractor.consumer import ChunkConsumer
from feuilleton.contracts.errors import PipelineError
from feuilleton.observability.health import HealthServer, Missing
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.dead_letter import LIMIT_SHOWN_SECONDS, DeadLetterLimitError
from feuilleton.streaming.parts import Part, start_parts

_SILENT_SECONDS = 10.0  # the control topic is asked twice a second
log = structlog.get_logger(__name__)


class ExtractorWorker:
    """`parts` and the control log run before the consumer starts, and stop after it."""

    def __init__(
        self,
        consumer: ChunkConsumer,
        control: ControlLog,
        store: ObjectStore,
        *,
        parts: Sequence[Part],
        drain_seconds: float,
    ) -> None:
        self._consumer = consumer
        self._control = control
        self._store = store
        self._parts = (*parts, control)
        self._drain_seconds = drain_seconds
        self._stop = asyncio.Event()

    async def run(self, host: str, port: int) -> None:
        """Work until SIGTERM or SIGINT. Raises LostInvariantError, OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        health = HealthServer(host, port, live=self._consumer.missing_for_life, ready=self._missing_for_work)
        await health.start()
        started: list[Part] = []
        try:
            if await self._start(started):
                log.info("worker_started")
                await self._consume()
                await self._consumer.drain(self._drain_seconds)
        finally:
            for part in reversed(started):
                await part.stop()
            await health.stop()
        log.info("worker_ended")

    async def _consume(self) -> None:
        try:
            await self._consumer.run(self._stop)
        except DeadLetterLimitError as exc:
            log.critical("dead_letter_limit_reached", detail=exc.detail)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LIMIT_SHOWN_SECONDS)
            raise

    async def _start(self, started: list[Part]) -> bool:
        """Start everything, the consumer last: no message may be read before the commands are known."""
        ready = await start_parts(self._parts, started, self._stop)
        return ready and await start_parts([self._consumer], started, self._stop)

    async def _missing_for_work(self) -> Missing:
        missing = await self._consumer.missing_for_work()
        if not self._control.ready:
            missing.append("control_log")
        elif self._control.seconds_since_answer() > _SILENT_SECONDS:
            missing.append("broker")
        try:
            await self._store.check()
        except PipelineError:
            missing.append("object_store")
        return missing
