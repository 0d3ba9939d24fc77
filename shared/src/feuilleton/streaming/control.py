"""The control topic as every worker follows it: all partitions, no group, read to its end before work starts."""

import asyncio
import time
from collections.abc import Callable

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from feuilleton.contracts.errors import BrokerUnavailableError, PoisonMessageError
from feuilleton.contracts.events import EventData, parse
from feuilleton.contracts.topics import JOB_CONTROL
from feuilleton.streaming.closing import close_consumer, end_task
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.runner import stop_process

_POLL_SECONDS = 0.5
_FORGET_EVERY_SECONDS = 3600.0
_START_TIMEOUT_SECONDS = 30.0
_RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


class ControlLog:
    """Follows job-control. `commands` is what it says so far; listeners hear each new command once, in the loop.

    Poison on this topic is logged and passed over here: the merger, which reads the topic in a group,
    sends it to dead-letters.
    """

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self.commands = Commands()
        self._bootstrap = bootstrap
        self._partitions = [TopicPartition(prefix + JOB_CONTROL.name, n) for n in range(JOB_CONTROL.partitions)]
        self._listeners: list[Callable[[EventData], None]] = []
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._answered_at = -float("inf")
        self._forgot_at = time.monotonic()

    def on_command(self, listener: Callable[[EventData], None]) -> None:
        """Have `listener` called with each new command (those of the first read too). It must not block or raise."""
        self._listeners.append(listener)

    def seconds_since_answer(self) -> float:
        """How long ago the broker last answered a read of this topic; infinite before the first."""
        return time.monotonic() - self._answered_at

    @property
    def ready(self) -> bool:
        """Whether the topic was read to its end once."""
        return self._task is not None

    async def start(self) -> None:
        """Read the topic to its end, then follow it. Raises BrokerUnavailableError: call again later."""
        if self._task is not None:
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            async with asyncio.timeout(_START_TIMEOUT_SECONDS):
                await consumer.start()
                consumer.assign(self._partitions)
                await consumer.seek_to_beginning(*self._partitions)
                await self._read_to_end(consumer)
        except BaseException as exc:
            await close_consumer(consumer)
            if isinstance(exc, KafkaError | OSError | TimeoutError):
                raise BrokerUnavailableError(f"job-control cannot be read: {type(exc).__name__}") from exc
            raise
        self._consumer = consumer
        self._task = asyncio.create_task(self._follow(consumer), name="control-log")

    async def stop(self) -> None:
        task, self._task = self._task, None
        await end_task(task)
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_consumer(consumer)

    async def _read_to_end(self, consumer: AIOKafkaConsumer) -> None:
        ends = await consumer.end_offsets(self._partitions)
        while True:
            behind = [part for part, end in ends.items() if await consumer.position(part) < end]
            if not behind:
                return
            await self._poll(consumer)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        try:
            await self._poll_for_ever(consumer)
        except Exception as exc:
            log.critical("control_log_lost", exc_info=exc)
            stop_process()

    async def _poll_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            try:
                await self._poll(consumer)
            except KafkaError as exc:
                log.warning("control_log_unread", error=type(exc).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            self._forget_sometimes()

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=int(_POLL_SECONDS * 1000))
        self._note_answer(consumer)
        for records in batches.values():
            for record in records:
                self._take(record)

    def _note_answer(self, consumer: AIOKafkaConsumer) -> None:
        """An empty poll is no answer: only the broker's own replies move `last_poll_timestamp` (epoch ms)."""
        stamps = [consumer.last_poll_timestamp(part) or 0 for part in self._partitions]
        age = time.time() - max(stamps) / 1000
        self._answered_at = max(self._answered_at, time.monotonic() - max(age, 0.0))

    def _take(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        try:
            command = parse(record.value, record.headers).data
        except PoisonMessageError as exc:
            log.warning("command_not_understood", partition=record.partition, offset=record.offset, code=exc.code)
            return
        if self.commands.add(command, record.timestamp / 1000):
            for listener in self._listeners:
                listener(command)

    def _forget_sometimes(self) -> None:
        if time.monotonic() - self._forgot_at > _FORGET_EVERY_SECONDS:
            self._forgot_at = time.monotonic()
            self.commands.forget(time.time())
