"""What happens to chunk messages in this process, without a broker: taken in, given their turn, finished.

One of the places that may catch anything: whatever a chunk's work raises costs that chunk alone.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from extractor.call_limits import CallLimit, FixedLimit
from extractor.handler import ChunkHandler, Settled, until_done
from extractor.tries import GivenUp
from extractor.watermark import Delivery, Partition, Watermark
from extractor.window import RECORD_BYTES, Waiting, Window
from feuilleton.contracts.errors import LostInvariantError, PoisonMessageError
from feuilleton.contracts.events import ChunkSubmitted, EventData, Received, origin_of, parse
from feuilleton.contracts.job_settings import Engine
from feuilleton.observability import metrics
from feuilleton.observability.tracing import trace_id
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetters, Record

# A job whose engine is not configured here fails at once, chunk by chunk: no limit of calls is known for it.
_UNKNOWN_ENGINE_CHUNKS = 16
_CLOSE_SECONDS = 3.0  # to write what was answered, when the drain is over and the store may be away
log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Running:
    """A message at work. `commanded` says that a command stopped it; once `concluding` nothing does. `given_up`: this
    process has cancelled it.
    """

    item: Waiting
    task: "asyncio.Task[None] | None" = None
    commanded: bool = False
    concluding: bool = False
    given_up: bool = False

    def give_up(self) -> None:
        self.given_up = True
        if self.task is not None:
            self.task.cancel()


class Dispatcher:
    """Takes records in, runs as many chunks of each engine as its limit allows, and knows what is finished.

    Called from one event loop. `failure` is set when the process must not go on.
    """

    def __init__(
        self,
        handler: ChunkHandler,
        dead_letters: DeadLetters,
        commands: Commands,
        limits: Mapping[Engine, CallLimit],
        window: Window,
    ) -> None:
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.watermark = Watermark()
        self._handler = handler
        self._dead_letters = dead_letters
        self._commands = commands
        self._window = window
        self._limits = {engine: limits.get(engine, FixedLimit(_UNKNOWN_ENGINE_CHUNKS)) for engine in Engine}
        self._running: set[_Running] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    def assign(self, partitions: Iterable[Partition]) -> None:
        """A rebalance ended with these partitions. Work of those that did not come back is given up."""
        assigned = frozenset(partitions)
        lost = self.watermark.assign(assigned)
        self._window.share_among(len(assigned))
        self._window.withdraw(lambda item: item.partition in lost)
        for running in self._running:
            if running.item.partition in lost and not running.concluding:
                running.give_up()
        for partition in lost:
            self.watermark.forget(partition)

    def is_full(self, partition: Partition) -> bool:
        """Whether nothing more should be fetched from this partition now.

        Never before its first record of an assignment: without one there is no offset to commit, and it is the
        commits that prove to the gate that this process is still in its group.
        """
        return self.watermark.has_delivered(partition) and self._window.is_full(partition)

    def accept(self, record: Record) -> None:
        """Take in a record of an assigned partition. What can be told at once (a copy, a command) costs nothing."""
        partition = Partition(record.topic, record.partition)
        if self.watermark.deliver(partition, record.offset) is not Delivery.NEW:
            return
        try:
            chunk = _chunk_of(parse(record.value, record.headers))
        except PoisonMessageError as exc:
            size_bytes = len(record.value or b"") + RECORD_BYTES
            self._window.hold(partition, size_bytes)
            rejecting = self._start(self._reject(record, partition, exc.code))
            rejecting.add_done_callback(lambda _: self._window.let_go(partition, size_bytes))
            return
        self._dead_letters.note_good()
        if self._commands.ended(chunk.job, chunk.attempt):
            self.watermark.finish(partition, record.offset)
            return
        self._window.add(_waiting(record, partition, chunk))

    def dispatch(self) -> None:
        """Start what waits, turn by turn, as far as the engines' limits allow."""
        if self._draining:
            return
        for engine, limit in self._limits.items():
            free = limit.calls - sum(running.item.engine is engine for running in self._running)
            while free > 0 and (item := self._window.take(engine)) is not None:
                self._run(item)
                free -= 1
        metrics.CHUNKS_IN_FLIGHT.set(len(self._running))
        metrics.WINDOW_BYTES.set(self._window.held_bytes)

    def obey(self, command: EventData) -> None:
        """Drop what a new command ends: calls in flight are aborted, nothing is published for them."""

        def ended(item: Waiting) -> bool:
            return item.job == command.job and self._commands.ended(item.job, item.attempt) is not None

        for item in self._window.withdraw(ended):
            self.watermark.finish(item.partition, item.offset)
        for running in self._running:
            if ended(running.item) and not running.concluding:
                running.commanded = True
                running.give_up()

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    async def drain(self, grace_seconds: float) -> None:
        """Start nothing more, wait for what runs, then give the rest up: its messages are not finished."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._handler.close(_CLOSE_SECONDS)

    def _run(self, item: Waiting) -> None:
        running = _Running(item)
        self._running.add(running)
        running.task = self._start(self._extract(running))
        # In a callback, because a task that is cancelled before its first step runs none of its own code.
        running.task.add_done_callback(lambda task: self._landed(running, task))

    def _landed(self, running: _Running, task: "asyncio.Task[None]") -> None:
        self._running.discard(running)
        self._window.release(running.item)
        done = not task.cancelled() and task.exception() is None
        if done or running.commanded:
            self.watermark.finish(running.item.partition, running.item.offset)
        elif task.cancelled() and not (running.given_up or self._draining):
            # By nobody here: a library cancelled its own future. Left so, the message would hold its partition up.
            self._fail(LostInvariantError("the work on a chunk was cancelled from inside"))
        self.dispatch()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._fail(exc)

    def _fail(self, exc: BaseException) -> None:
        if not self.failure.done():
            self.failure.set_exception(exc)

    async def _extract(self, running: _Running) -> None:
        item = running.item
        received = parse(item.value, item.headers)
        chunk = _chunk_of(received)
        with structlog.contextvars.bound_contextvars(
            job_id=chunk.job,
            attempt=chunk.attempt,
            index=chunk.index,
            partition=item.partition.number,
            offset=item.offset,
            trace_id=trace_id(received.traceparent),
        ):
            settled = await self._settle(chunk)
            running.concluding = True
            await self._handler.conclude(chunk, settled, received.traceparent)

    async def _settle(self, chunk: ChunkSubmitted) -> Settled:
        try:
            return await self._handler.settle(chunk)
        except LostInvariantError:
            raise
        except Exception as exc:
            log.exception("chunk_given_up", code="internal_error", exc_info=exc)
            return GivenUp("internal_error", type(exc).__name__)

    async def _reject(self, record: Record, partition: Partition, code: str) -> None:
        """First the failure that stands for the message, then the dead letter, then its offset may pass."""
        self._dead_letters.allow(record)
        origin = origin_of(record.headers)
        if origin is not None:
            await self._handler.replace(origin, code, "")
        await until_done(lambda: self._dead_letters.send(record, code))
        self.watermark.finish(partition, record.offset)


def _chunk_of(received: Received) -> ChunkSubmitted:
    """Raises PoisonMessageError for a message that is known, but no chunk."""
    if not isinstance(received.data, ChunkSubmitted):
        raise PoisonMessageError(f"{received.data.type} is no chunk", code="unexpected_type")
    return received.data


def _waiting(record: Record, partition: Partition, chunk: ChunkSubmitted) -> Waiting:
    return Waiting(
        partition=partition,
        offset=record.offset,
        tenant=chunk.tenant,
        job=chunk.job,
        attempt=chunk.attempt,
        engine=chunk.engine,
        value=record.value or b"",
        headers=tuple(record.headers),
    )
