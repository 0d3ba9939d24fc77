"""Faust as splitter and merger use it: one app, started inside our loop, beside a publisher and a health server.

Settings and traps were measured; docs/adr/0006 says which setting prevents which loss.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faust
import structlog
from faust.types import AppT

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.topics import Topic
from feuilleton.observability.health import HealthServer, Missing
from feuilleton.streaming.dead_letter import Record
from feuilleton.streaming.faust_consumer import CarefulTransport
from feuilleton.streaming.parts import Part, start_parts
from feuilleton.streaming.runner import MessageRunner, stop_process

# These three belong together: an event must end (or its process must) well before a rebalance gives up on its
# member, or members evict each other for ever.
EVENT_LIMIT_SECONDS = 600.0
PATIENCE_SECONDS = 240.0
REBALANCE_TIMEOUT_SECONDS = EVENT_LIMIT_SECONDS + PATIENCE_SECONDS + 60.0

SESSION_TIMEOUT_SECONDS = 8.0
_HEARTBEAT_SECONDS = 2.0
_COMMIT_SECONDS = 0.5
# Faust makes a folder for tables, which we have none of: one of this user, beside those of others on the machine.
_DATA_FOLDER = Path(tempfile.gettempdir()) / f"feuilleton-faust-{os.getuid()}"
# A member that lost its partitions to others for good leaves too, once: it then never had them.
LOST_SECONDS = 20.0
_STOP_SECONDS = 25.0  # below the usual grace time of 30 s
EXIT_NOT_STOPPED = 71
log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[None]]


def build_app(group: str, *, bootstrap: str, prefix: str) -> faust.App:
    """An app without tables, web server or topic making. `group` is the consumer group, after the prefix."""
    brokers = ";".join(f"kafka://{host.strip()}" for host in bootstrap.split(","))
    app = faust.App(
        f"{prefix}{group}",
        broker=brokers,
        store="memory://",
        autodiscover=False,
        datadir=str(_DATA_FOLDER),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=True,
        broker_session_timeout=SESSION_TIMEOUT_SECONDS,
        broker_heartbeat_interval=_HEARTBEAT_SECONDS,
        broker_commit_interval=_COMMIT_SECONDS,
        broker_rebalance_timeout=REBALANCE_TIMEOUT_SECONDS,
        broker_max_poll_interval=REBALANCE_TIMEOUT_SECONDS + 100.0,
    )
    app.transport = CarefulTransport(app.conf.broker_consumer, app)
    return app


class _EventRecord:
    """A Faust event as a Record."""

    def __init__(self, event: Any, prefix: str) -> None:
        message = event.message
        self.topic: str = message.topic.removeprefix(prefix)
        self.partition: int = message.partition
        self.offset: int = message.offset
        self.key: bytes | None = message.key
        self.value: bytes | None = message.value
        headers = message.headers or ()
        self.headers: Sequence[tuple[str, bytes]] = tuple(headers.items() if isinstance(headers, dict) else headers)


def add_agent(app: faust.App, topics: Sequence[Topic], runner: MessageRunner, *, prefix: str) -> None:
    """Consume topics as raw bytes, one message of each partition at a time, each acknowledged after its effect."""
    source = app.topic(
        *(prefix + topic.name for topic in topics),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    async def consume(stream: Any) -> None:
        async for event in stream.events():
            record: Record = _EventRecord(event, prefix)
            await runner.run_message(record)

    consume.__name__ = consume.__qualname__ = f"consume_{topics[0].name.replace('-', '_')}"
    app.agent(source, isolated_partitions=True)(consume)


def forget_in_rebalances(app: faust.App, forget: Callable[[], None]) -> None:
    """Have `forget` called in each rebalance, after the events in hand have ended and before others are delivered: a
    partition that goes and comes back was another member's in between.
    """

    async def called(_app: AppT, _revoked: object, **_more: object) -> None:
        forget()

    app.on_partitions_revoked.connect(called)


@dataclass
class AssignmentWatch:
    """Which topics a worker has read, and since when it reads one of them no more. Pure."""

    _read: set[str] = field(default_factory=set)
    _missed_at: dict[str, float] = field(default_factory=dict)

    def lost(self, topics: set[str], now: float) -> set[str]:
        """Topics read once that have had no partition here for LOST_SECONDS; `topics` have one now."""
        self._read |= topics
        missing = self._read - topics
        self._missed_at = {topic: self._missed_at.get(topic, now) for topic in missing}
        return {topic for topic, since in self._missed_at.items() if now - since >= LOST_SECONDS}


class FaustWorker:
    """Runs an app and its parts until SIGTERM or SIGINT. `checks` are what readiness asks, by name."""

    def __init__(
        self, app: faust.App, *, parts: Sequence[Part], checks: Mapping[str, Check], host: str, port: int
    ) -> None:
        self._app = app
        self._parts = parts
        self._checks = checks
        self._health = HealthServer(host, port, live=self._missing_for_life, ready=self._missing_for_work)
        self._stop = asyncio.Event()
        self._consuming = False
        self._assignment = AssignmentWatch()

    async def run(self) -> int:
        """The exit status: 0 after a stop that was asked for, 1 when the app crashed or the port is taken.

        A stop that does not come to its end leaves at once, with 71.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await self._health.start()
        started: list[Part] = []
        try:
            if await start_parts(self._parts, started, self._stop):
                await self._consume()
        finally:
            for part in reversed(started):
                await part.stop()
            await self._health.stop()
        log.info("worker_ended", crashed=self._crashed())
        return 1 if self._crashed() else 0

    async def _consume(self) -> None:
        self._app.finalize()
        await self._app.start()
        self._consuming = True
        log.info("worker_started")
        while not self._stop.is_set() and not self._crashed():
            try:
                await asyncio.wait_for(self._stop.wait(), 0.5)
            except TimeoutError:
                self._watch_assignment()
        self._consuming = False
        await self._stop_app()

    def _watch_assignment(self) -> None:
        """Leave when a topic that was read here is read here no more: where a topic was deleted and made again, Faust
        goes on without it, for ever and in silence. A fresh process finds it.
        """
        if self._app.rebalancing:
            return
        topics = {part.topic for part in self._app.consumer.assignment()}
        lost = self._assignment.lost(topics, time.monotonic())
        if lost:
            log.critical("assignment_lost", topics=sorted(lost), seconds=LOST_SECONDS)
            stop_process()

    async def _stop_app(self) -> None:
        """Let the events in hand end, within limits: without a broker Faust would wait for it, for ever."""
        stopping = asyncio.ensure_future(self._app.stop())
        await asyncio.wait({stopping}, timeout=_STOP_SECONDS)
        if not stopping.done():
            log.warning("app_not_stopped", seconds=_STOP_SECONDS)
            stop_process(EXIT_NOT_STOPPED)
        await stopping

    def _crashed(self) -> bool:
        app: AppT = self._app
        return bool(app.crashed)

    async def _missing_for_life(self) -> Missing:
        return ["consumer"] if self._crashed() else []

    async def _missing_for_work(self) -> Missing:
        missing = [] if self._consuming and not self._app.rebalancing else ["consumer_group"]
        for name, check in self._checks.items():
            try:
                await check()
            except PipelineError:
                missing.append(name)
        return missing
