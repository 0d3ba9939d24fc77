"""The loop of a service that folds job-events into rows. Its place in the log is the one kept beside the rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from feuilleton.contracts.errors import PoisonMessageError, TransientError
from feuilleton.contracts.events import EventData, UnknownEventTypeError, parse
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.observability import metrics
from feuilleton.streaming.dead_letter import LIMIT_SHOWN_SECONDS, DeadLetterLimitError, DeadLetters
from feuilleton.streaming.folding import Batch, FoldStore, Record, UnstorableError

_POLL_MS = 500
_BATCH_RECORDS = 500
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 3.0
_COMMIT_TIMEOUT_SECONDS = 5.0
_SHOW_EVERY_SECONDS = 1.0
_CHECK_EVERY_SECONDS = 3.0
log = structlog.get_logger(__name__)

KafkaRecord: TypeAlias = "ConsumerRecord[bytes, bytes]"
_T = TypeVar("_T")


def make_consumer(bootstrap: str, *, group: str) -> AIOKafkaConsumer:
    """The consumer of a folder. Build it inside a running loop.

    Offsets are committed to the group only so that its lag can be seen from outside.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=group,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,  # the least that the stock broker takes: failover after a kill takes this long
        heartbeat_interval_ms=1_500,
        max_poll_records=_BATCH_RECORDS,
        fetch_max_wait_ms=200,
        metadata_max_age_ms=10_000,  # a topic that was deleted and made again is found so soon
    )


class LogFolder(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Folds its share of the partitions, one transaction a batch, for as long as `run` lasts.

    A partition is read from the offset that stands beside the rows, never from the group's commits. The database or
    the broker going away stops progress, not the process; what is not committed is not acknowledged.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, store: FoldStore, dead_letters: DeadLetters, *, topic: str, group: str
    ) -> None:
        self._consumer = consumer
        self._store = store
        self._dead_letters = dead_letters
        self._topic = topic
        self._group = group
        self._next: dict[TopicPartition, int] = {}
        self._checked_at = time.monotonic()
        self._shown: dict[TopicPartition, int] = {}
        self._shown_at = time.monotonic()
        self.beat_at = time.monotonic()
        """When the loop last turned (monotonic seconds). Waiting for a server that is away turns it too."""

    async def run(self) -> None:
        """Fold until cancelled. Raises DeadLetterLimitError and LostInvariantError: the process must stop."""
        self._consumer.subscribe([self._topic], listener=self)
        await self._persist("broker", self._consumer.start)
        while True:
            try:
                await self.step()
            except DeadLetterLimitError as exc:
                log.critical("dead_letter_limit_reached", detail=exc.detail)
                await asyncio.sleep(LIMIT_SHOWN_SECONDS)
                raise

    async def step(self) -> None:
        """Take what came, of each partition, through to its commit."""
        self.beat_at = time.monotonic()
        await self._find_places()
        try:
            batches = await self._consumer.getmany(timeout_ms=_POLL_MS)
        except KafkaError as exc:
            log.warning("poll_failed", error=type(exc).__name__)
            await asyncio.sleep(_FIRST_WAIT_SECONDS)
            return
        for part, records in batches.items():
            if part in self._next:  # else it was just given to us, and is read again from its own place
                await self._fold(part, records)
        await self._check_places()
        await self._show_progress()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._forget(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._forget(assigned)
        log.info("partitions_assigned", partitions=sorted(part.partition for part in assigned))

    def _forget(self, parts: Iterable[TopicPartition]) -> None:
        for part in parts:
            self._next.pop(part, None)

    async def _find_places(self) -> None:
        """Seek each partition that is new here to the offset that stands beside the rows."""
        new = [part for part in self._consumer.assignment() if part not in self._next]
        if not new:
            return
        begins = await self._persist("broker", partial(self._consumer.beginning_offsets, new))
        for part, begin in begins.items():
            raise_position = partial(self._store.raise_position, self._topic, part.partition, begin)
            await self._persist("database", raise_position)
        stored = await self._persist("database", partial(self._store.positions, self._topic))
        for part in new:
            self._go_to(part, stored.get(part.partition, 0))

    async def _check_places(self) -> None:
        """Begin again where the rows are behind us: the projection was dropped and migrated under our feet."""
        if time.monotonic() - self._checked_at < _CHECK_EVERY_SECONDS:
            return
        self._checked_at = time.monotonic()
        stored = await self._persist("database", partial(self._store.positions, self._topic))
        behind = [part for part, offset in self._next.items() if stored.get(part.partition, -1) < offset]
        if behind:
            log.warning("rows_behind", partitions=sorted(part.partition for part in behind))
            self._forget(behind)

    def _go_to(self, part: TopicPartition, offset: int) -> None:
        try:
            self._consumer.seek(part, offset)
        except IllegalStateError:
            return  # it was taken from us meanwhile
        self._next[part] = offset

    async def _fold(self, part: TopicPartition, records: Sequence[KafkaRecord]) -> None:
        start = self._next[part]
        if records[0].offset < start:
            log.error("log_begins_again", partition=part.partition, offset=records[0].offset, folded=start)
            begin_again = partial(self._store.begin_again, self._topic, part.partition, records[0].offset)
            await self._persist("database", begin_again)
            self._forget([part])
            return
        good = await self._parse_all(records)
        next_offset = await self._apply(part, start, records, good)
        if part not in self._next:
            return  # a rebalance came meanwhile: if it is ours again, it is read from its stored place
        if next_offset == records[-1].offset + 1:
            self._next[part] = next_offset
        else:
            log.warning("place_moved", partition=part.partition, expected=start, stored=next_offset)
            self._forget([part])

    async def _apply(
        self, part: TopicPartition, start: int, records: Sequence[KafkaRecord], good: Sequence[Record]
    ) -> int:
        """Store a batch; where the database refuses its contents, halve it until the one at fault is alone."""
        batch = Batch(self._topic, part.partition, start, records[-1].offset + 1, tuple(good))
        try:
            return await self._persist("database", partial(self._store.apply, batch))
        except UnstorableError as exc:
            log.warning("batch_refused", partition=part.partition, records=len(records), error=str(exc))
        if len(records) == 1:
            await self._persist("broker", lambda: self._dead_letters.send(records[0], "unstorable"))
            return await self._apply(part, start, records, ())
        middle = len(records) // 2
        border = records[middle].offset
        reached = await self._apply(part, start, records[:middle], [r for r in good if r.offset < border])
        if reached != records[middle - 1].offset + 1:
            return reached
        return await self._apply(part, reached, records[middle:], [r for r in good if r.offset >= border])

    async def _parse_all(self, records: Sequence[KafkaRecord]) -> list[Record]:
        """What can be folded. Poison is in dead-letters when this returns."""
        good = []
        for record in records:
            event = await self._parse(record)
            if event is not None:
                when = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                good.append(Record(record.offset, when, event))
        return good

    async def _parse(self, record: KafkaRecord) -> EventData | None:
        try:
            event = _parse_in_place(record)
        except UnknownEventTypeError:
            metrics.EVENTS_SKIPPED.labels(self._group).inc()
            return None
        except PoisonMessageError as exc:
            code = exc.code
            await self._persist("broker", lambda: self._dead_letters.send(record, code))
            return None
        self._dead_letters.note_good()
        metrics.EVENTS_FOLDED.labels(self._group, event.type).inc()
        return event

    async def _persist(self, what: str, call: Callable[[], Awaitable[_T]]) -> _T:
        """Make a call until it does not fail for a passing reason."""
        wait = _FIRST_WAIT_SECONDS
        while True:
            self.beat_at = time.monotonic()
            try:
                return await call()
            except (TransientError, KafkaError, OSError) as exc:
                log.warning("waiting", waits_for=what, error=type(exc).__name__, detail=str(exc)[:200])
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT_SECONDS, wait * 2)

    async def _show_progress(self) -> None:
        """Say where we are: to the group (for lag seen from outside) and in the metrics."""
        if time.monotonic() - self._shown_at < _SHOW_EVERY_SECONDS or self._next in ({}, self._shown):
            return
        self._shown_at = time.monotonic()
        # Who was frozen may have lost its partitions, and has not heard of it yet.
        assigned = self._consumer.assignment()
        places = {part: offset for part, offset in self._next.items() if part in assigned}
        for part, offset in places.items():
            end = self._consumer.highwater(part)
            if end is not None:
                metrics.FOLD_LAG.labels(self._group, str(part.partition)).set(max(0, end - offset))
        if not places:
            return
        try:
            async with asyncio.timeout(_COMMIT_TIMEOUT_SECONDS):
                await self._consumer.commit(places)
        except (IllegalStateError, KafkaError, TimeoutError) as exc:
            log.info("group_commit_failed", error=type(exc).__name__)
            return
        self._shown = places


def _parse_in_place(record: KafkaRecord) -> EventData:
    event = parse(_without_nul(record.value), record.headers).data
    if event.topic is not JOB_EVENTS or record.key != event.key:
        raise PoisonMessageError("an event of another topic or key", code="misplaced")
    return event


def _without_nul(value: bytes | None) -> bytes | None:
    """Postgres takes no NUL in text, and a client may have put one into a file name."""
    return value.replace(rb"\u0000", rb"\ufffd") if value is not None else None
