"""What happens to chunk messages in this process, without a broker: taken in, given their turn, finished.

One of the places that may catch anything: whatever a chunk's work raises costs that chunk alone.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import structlog

from extractor.call_limits import CallLimit, FixedLimit
from extractor.handler import ChunkHandler, Settled, until_done
from extractor.handover import Inherited, Spans
from extractor.patience import Patience
from extractor.put_back import is_due
from extractor.running import Running
from extractor.tries import GivenUp
from extractor.watermark import Delivery, Partition, Watermark
from extractor.window import RECORD_BYTES, Waiting, Window
from feuilleton.contracts.errors import LostInvariantError, PoisonMessageError
from feuilleton.contracts.events import MAX_SHARE, ChunkSubmitted, EventData, Received, origin_of, parse
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine
from feuilleton.observability import metrics
from feuilleton.observability.tracing import trace_id
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetters, Record

# A job whose engine is not configured here fails at once, chunk by chunk: no limit of calls is known for it.
_UNKNOWN_ENGINE_CHUNKS = 16
_LOOK_AGAIN_SECONDS = 1.0
_MOST_RESTING = 256  # of one engine; more of them take places, so that an outage stops the rest
_CLOSE_SECONDS = 3.0  # to write what was answered, when the drain is over and the store may be away
log = structlog.get_logger(__name__)


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
        *,
        handover_seconds: float = 180.0,
    ) -> None:
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.watermark = Watermark()
        self._handler = handler
        self._dead_letters = dead_letters
        self._commands = commands
        self._window = window
        self._limits = {engine: limits.get(engine, FixedLimit(_UNKNOWN_ENGINE_CHUNKS)) for engine in Engine}
        self._running: set[Running] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._inherited = Inherited()
        self._handover_seconds = handover_seconds
        self._between_assignments = False
        self._draining = False
        self._drained_at = float("inf")

    def revoke(self, stays_seconds: float | None = None) -> dict[Partition, dict[int, float]]:
        """A rebalance begins: nothing is started until it has ended. Returns what is at work, by partition and offset,
        with the seconds for which it stays so (as set up, or `stays_seconds`), whoever gets the partition. To be told
        with the last commit.
        """
        self._between_assignments = True
        handover: dict[Partition, dict[int, float]] = {}
        for running in self._running:
            if running.leaving is None and not running.concluding:
                seconds = self._stays_seconds(running, stays_seconds)
                handover.setdefault(running.item.partition, {})[running.item.offset] = seconds
        return handover

    def assign(self, partitions: Iterable[Partition], *, handed_over: bool = False, more_to_come: bool = False) -> None:
        """A rebalance ended with these partitions. Work of those that did not come back ends soon if it was
        `handed_over`, else it is given up: their new owner does it again. With `more_to_come` nothing is started
        before `take_over`.
        """
        assigned = frozenset(partitions)
        lost = self.watermark.assign(assigned)
        self._window.share_among(len(assigned))
        self._window.withdraw(lambda item: item.partition in lost)
        for running in self._running:
            if running.item.partition in lost:
                keeps = handed_over and running.held_until is None
                running.leave(self._stays_seconds(running) if keeps else 0.0)
        for partition in lost:
            self.watermark.forget(partition)
        self._between_assignments = more_to_come
        self._inherited.replace({}, time.monotonic())

    def take_over(self, handover: Mapping[Partition, Spans], *, told: bool = True) -> None:
        """What the owners before left at work in the partitions of this assignment; now chunks may be started.

        Without `told` nobody knew of what is at work here: where another member works on the same by now, it is waited
        for instead.
        """
        self._inherited.replace(handover, time.monotonic())
        waiting = self._window.withdraw(lambda item: self._inherited.until(item.partition, item.offset) is not None)
        for item in waiting:
            self._take_in(item)
        for running in self._running:
            until = self._inherited.until(running.item.partition, running.item.offset)
            if until is not None and running.held_until is not None:
                running.held_until = max(until, running.held_until)
            elif until is not None and not (told or running.concluding):
                running.begin_again()
        self._between_assignments = False
        self.dispatch()

    async def find_settled(self) -> None:
        """Look into the store for what is at work here: other members may have settled it, while this one was out of
        its group. That is not asked for again.
        """
        at_work = [
            (running, _chunk_of(running.received))
            for running in self._running
            if running.received is not None and running.held_until is None and not running.concluding
        ]
        settled = await asyncio.gather(*(self._handler.is_settled(chunk) for _, chunk in at_work))
        for (running, _), done in zip(at_work, settled, strict=True):
            if done and not running.concluding:
                running.begin_again()

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
        self._take_in(_waiting(record, partition, chunk), not_due_seconds=self._handler.not_due_seconds(chunk))

    def dispatch(self) -> None:
        """Start what waits, turn by turn, as far as the engines' limits allow."""
        if self._draining or self._between_assignments:
            return
        for engine, limit in self._limits.items():
            at_work = self._at_work(engine)
            # Who backs off takes no place, up to a bound: they are kept whole.
            resting = min(sum(self._handler.resting(*chunk) is not None for chunk in at_work), _MOST_RESTING)
            while len(at_work) - resting < limit.calls and (item := self._window.take(engine)) is not None:
                self._run(item)
                at_work.add((item.job, item.index))
        metrics.CHUNKS_IN_FLIGHT.set(len(self._running))
        metrics.WINDOW_BYTES.set(self._window.held_bytes)

    def relieve(self) -> None:
        """Put back at the tail what holds its partition up. Call it now and then."""
        held_up = self.watermark.held_up()
        now = time.monotonic()
        for running in list(self._running):
            item = running.item
            offset, behind = held_up.get(item.partition, (-1, 0))
            if item.offset != offset or running.put_back or running.leaving is not None:
                continue
            patience = self._handler.resting(item.job, item.index)
            again = running.received is not None and _chunk_of(running.received).first_call_at is not None
            if patience and is_due(finished_behind=behind, seconds=now - running.began_at, was_put_back=again):
                self._put_back(running, patience)

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

    async def drain(self, grace_seconds: float) -> dict[Partition, dict[int, float]]:
        """Start nothing more, wait for what runs, then give the rest up: its messages are not finished. Returns, as
        `revoke`, what other members still work on: to be told with the last commit.
        """
        self._draining = True
        self._drained_at = time.monotonic() + grace_seconds
        elsewhere: dict[Partition, dict[int, float]] = {}
        for running in self._running:
            if running.held_until is not None and running.leaving is None:
                elsewhere.setdefault(running.item.partition, {})[running.item.offset] = running.held_until
                running.give_up()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._handler.close(_CLOSE_SECONDS)
        now = time.monotonic()
        return {part: {at: until - now for at, until in offsets.items()} for part, offsets in elsewhere.items()}

    def _take_in(self, item: Waiting, not_due_seconds: float = 0.0) -> None:
        held_until = self._inherited.until(item.partition, item.offset)
        if not_due_seconds > 0:
            held_until = max(held_until or 0.0, time.monotonic() + not_due_seconds)
        if held_until is None:
            self._window.add(item)
        else:
            self._window.hold(item.partition, item.size_bytes)
            self._run(item, held_until)

    def _at_work(self, engine: Engine) -> set[tuple[JobId, int]]:
        """Its chunks; their copies take no place."""
        return {
            (running.item.job, running.item.index)
            for running in self._running
            if running.item.engine is engine and running.held_until is None
        }

    def _put_back(self, running: Running, patience: Patience) -> None:
        """All copies of the message leave as one; the work itself goes on, and the copy at the tail joins it."""
        if running.received is None:
            return
        copies = [each for each in self._running if each.is_copy_of(running) and not each.put_back]
        for each in copies:
            each.put_back = True
        self._start(self._publish_again(running.received, patience, [each.item for each in copies]))

    async def _publish_again(self, received: Received, patience: Patience, items: Sequence[Waiting]) -> None:
        await self._handler.put_back(_chunk_of(received), patience, received.traceparent)
        for item in items:
            self.watermark.finish(item.partition, item.offset)

    def _stays_seconds(self, running: Running, most_seconds: float | None = None) -> float:
        now = time.monotonic()
        if running.held_until is not None:
            return running.held_until - now
        return min(self._handover_seconds if most_seconds is None else most_seconds, max(self._drained_at - now, 0.0))

    def _run(self, item: Waiting, held_until: float | None = None) -> None:
        running = Running(item, held_until)
        self._running.add(running)
        running.task = self._start(self._extract(running))
        # In a callback, because a task that is cancelled before its first step runs none of its own code.
        running.task.add_done_callback(lambda task: self._landed(running, task))

    def _landed(self, running: Running, task: "asyncio.Task[None]") -> None:
        self._running.discard(running)
        if running.leaving is not None:
            running.leaving.cancel()
        self._window.release(running.item)
        done = not task.cancelled() and task.exception() is None
        if done or running.commanded:
            self.watermark.finish(running.item.partition, running.item.offset)
        elif running.again and running.leaving is None and not self._draining:
            self._take_in(running.item)
        elif task.cancelled() and not (running.given_up or self._draining):
            # By nobody here: a library cancelled its own future. Left so, the message would hold its partition up.
            self.fail(LostInvariantError("the work on a chunk was cancelled from inside"))
        self.dispatch()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            self.fail(exc)

    def fail(self, exc: BaseException) -> None:
        """Have the process stop with this."""
        if not self.failure.done():
            self.failure.set_exception(exc)

    async def _extract(self, running: Running) -> None:
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
            running.received = received
            await self._wait_until_free(running, chunk)
            settled = await self._settle(chunk)
            running.concluding = True
            await self._handler.conclude(chunk, settled, received.traceparent)

    async def _wait_until_free(self, running: Running, chunk: ChunkSubmitted) -> None:
        """Until the chunk may be begun here, or is settled, or is at work here already."""
        while running.held_until is not None and (left := running.held_until - time.monotonic()) > 0:
            if self._handler.works_on(chunk) or await self._handler.is_settled(chunk):
                break
            await asyncio.sleep(min(_LOOK_AGAIN_SECONDS, left))
        running.held_until = None

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
        index=chunk.index,
        attempt=chunk.attempt,
        engine=chunk.engine,
        value=record.value or b"",
        headers=tuple(record.headers),
        share=min(max(1, chunk.share), MAX_SHARE),
    )
