"""The chunks topic, as the extractor reads it: a thin shell between the broker's client and the dispatcher."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from extractor.dispatcher import Dispatcher
from extractor.gate import Freshness
from extractor.handover import Spans, read_handover, write_handover
from extractor.watermark import Partition
from feuilleton.contracts.errors import BrokerUnavailableError, LostInvariantError
from feuilleton.contracts.topics import CHUNKS
from feuilleton.observability.health import Missing
from feuilleton.streaming.closing import close_consumer

GROUP = "extractor"
_POLL_SECONDS = 0.2
_POLL_RECORDS = 200
_STUCK_POLL_SECONDS = 5.0  # a poll waits for a rebalance to end: look up now and then
_COMMIT_EVERY_SECONDS = 0.5
_COMMIT_TIMEOUT_SECONDS = 3.0  # well under the rebalance timeout, since a revoke waits for it
_TAKE_OVER_SECONDS = 5.0
_RELIEVE_EVERY_SECONDS = 1.0
_PROVE_EVERY_SECONDS = 1.0
_FETCH_BYTES = 256 * 1024  # per partition, read ahead of the window
_RETRY_SECONDS = 1.0
_MAX_FAULTS = 120  # polls in a row that raised: the client will not recover
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class GroupTiming:
    """`session_seconds` is how long a member may be silent before its partitions move."""

    session_seconds: float = 8.0
    rebalance_seconds: float = 30.0


@dataclass(frozen=True)
class _Record:
    """A consumer's record, with its topic named as the contract does."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class ChunkConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Polls, pauses full partitions, commits the watermark. Build it inside a running loop.

    A commit that the coordinator takes also proves to `membership` that this process still belongs to its group:
    the client does not say when its last heartbeat was answered.
    """

    def __init__(
        self, bootstrap: str, *, prefix: str, dispatcher: Dispatcher, timing: GroupTiming, membership: Freshness
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._dispatcher = dispatcher
        self._timing = timing
        self._consumer: AIOKafkaConsumer | None = None
        self._committed: dict[Partition, int] = {}
        self._membership = membership
        self._polled_at: float | None = None
        self._relieved_at = -float("inf")
        self._joined = False
        self._handed_over = False
        self._elsewhere: Mapping[Partition, Spans] = {}
        self._taking_over: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and join. Raises BrokerUnavailableError: call again later."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._prefix + GROUP,
            client_id=f"{self._prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(StickyPartitionAssignor,),
            session_timeout_ms=int(self._timing.session_seconds * 1000),
            heartbeat_interval_ms=int(self._timing.session_seconds * 250),
            rebalance_timeout_ms=int(self._timing.rebalance_seconds * 1000),
            max_partition_fetch_bytes=_FETCH_BYTES,
            max_poll_records=_POLL_RECORDS,
        )
        consumer.subscribe([self._prefix + CHUNKS.name], listener=self)
        try:
            await consumer.start()
        except (KafkaError, OSError) as exc:
            await close_consumer(consumer)
            raise BrokerUnavailableError(type(exc).__name__) from exc
        self._consumer = consumer

    async def stop(self) -> None:
        """Commit what is finished and leave the group; without a broker, just end."""
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        if self._taking_over is not None:
            self._taking_over.cancel()
        await self._commit(consumer, self._dispatcher.watermark.commit_points(), self._elsewhere)
        if not await close_consumer(consumer):
            log.info("group_not_left")

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set, the dispatcher fails or the client is beyond repair.

        Raises LostInvariantError, and what the dispatcher failed with.
        """
        polling = asyncio.create_task(self._poll_until(stop), name="poll")
        committing = asyncio.create_task(self._commit_forever(), name="commit")
        try:
            await asyncio.wait({polling, committing, self._dispatcher.failure}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            committing.cancel()
            if not polling.done():
                polling.cancel()
            await asyncio.gather(polling, committing, return_exceptions=True)
        for ended in (self._dispatcher.failure, polling, committing):
            if ended.done() and not ended.cancelled():
                ended.result()

    async def drain(self, grace_seconds: float) -> None:
        """Leave the group at once, and let what runs come to its end: the next owners know of it. If they cannot be
        told, keep the partitions until then, committing.
        """
        if await self._leave(grace_seconds):
            self._membership.lend(grace_seconds)
            await self._dispatcher.drain(grace_seconds)
            return
        committing = asyncio.create_task(self._commit_forever(), name="commit")
        try:
            self._elsewhere = await self._dispatcher.drain(grace_seconds)
        finally:
            committing.cancel()
            await asyncio.gather(committing, return_exceptions=True)

    async def _leave(self, grace_seconds: float) -> bool:
        """Commit what is finished, tell what is still at work, leave. False if that was not to be."""
        consumer = self._consumer
        if consumer is None or not self._joined or self._handover_is_unread:
            return False
        at_work = self._dispatcher.revoke(grace_seconds)
        if not await self._commit(consumer, self._dispatcher.watermark.commit_points(), at_work):
            return False
        self._consumer, self._joined = None, False
        self._dispatcher.watermark.revoke()
        left = await close_consumer(consumer)
        log.info("group_left", in_good_order=left, at_work=sum(map(len, at_work.values())))
        return True

    async def missing_for_life(self) -> Missing:
        """Nothing, as long as the loop comes round: a broker that is away is no fault of this process."""
        alive = self._polled_at is None or time.monotonic() - self._polled_at < 6 * _STUCK_POLL_SECONDS
        return [] if alive else ["poll"]

    async def missing_for_work(self) -> Missing:
        return [] if self._joined else ["consumer_group"]

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Calls live on, wherever the partitions go. What is finished is committed while they are ours, and with it
        goes word of what is not.
        """
        self._joined = False
        self._handed_over = False
        # What the owners before us said stays as it stands there, until it is read.
        points = {} if self._handover_is_unread else self._dispatcher.watermark.commit_points()
        if self._taking_over is not None:
            self._taking_over.cancel()
        at_work = self._dispatcher.revoke()
        if self._consumer is not None and revoked:
            self._handed_over = await self._commit(self._consumer, points, at_work)
        self._dispatcher.watermark.revoke()
        self._committed.clear()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        # Not a coroutine: it must be over before the first record of the new assignment can be polled.
        partitions = [Partition(CHUNKS.name, part.partition) for part in assigned]
        self._dispatcher.assign(partitions, handed_over=self._handed_over, more_to_come=True)
        self._taking_over = asyncio.create_task(self._take_over(partitions), name="take-over")
        self._taking_over.add_done_callback(self._taken_over)
        self._joined = True
        if self._handed_over:
            self._membership.prove()  # the coordinator has just answered the join
        log.info("partitions_assigned", count=len(assigned))

    async def _take_over(self, partitions: Sequence[Partition]) -> None:
        """Hear what those who had the partitions left at work in them. By now they have all said it."""
        handover: dict[Partition, dict[int, float]] = {}
        assigned_at = time.monotonic()
        try:
            async with asyncio.timeout(_TAKE_OVER_SECONDS):
                handover = await self._read_handover(partitions)
                if not self._handed_over:
                    await self._dispatcher.find_settled()
        except (KafkaError, OSError, TimeoutError) as exc:
            # What is not known here may be paid twice.
            log.warning("handover_not_read", error=type(exc).__name__)
        log.info("partitions_taken_over", at_work_elsewhere=sum(map(len, handover.values())))
        self._dispatcher.take_over(handover, told=self._handed_over)
        # Not before: who was frozen holds work that others may have done, and its calls wait for this proof.
        self._membership.prove(assigned_at)

    def _taken_over(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._dispatcher.fail(exc)

    @property
    def _handover_is_unread(self) -> bool:
        return self._taking_over is not None and not self._taking_over.done()

    async def _read_handover(self, partitions: Sequence[Partition]) -> dict[Partition, dict[int, float]]:
        names = [TopicPartition(self._prefix + part.topic, part.number) for part in partitions]
        found = await self._group_offsets(names) if names else {}
        return {Partition(CHUNKS.name, part.partition): read_handover(at.metadata) for part, at in found.items()}

    async def _group_offsets(self, names: Sequence[TopicPartition]) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Until the coordinator answers: after a restart of the broker it has to read its groups first."""
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
            try:
                await admin.start()
                return await admin.list_consumer_group_offsets(self._prefix + GROUP, partitions=names)  # type: ignore[no-any-return]
            except (KafkaError, AttributeError) as exc:
                # The latter is how the client takes an error of one partition.
                log.info("handover_asked_again", error=type(exc).__name__)
                await asyncio.sleep(_RETRY_SECONDS / 2)
            finally:
                await admin.close()

    async def _poll_until(self, stop: asyncio.Event) -> None:
        faults = 0
        while not stop.is_set():
            self._polled_at = time.monotonic()
            try:
                await self._poll()
            except TimeoutError:
                continue
            except KafkaError as exc:
                faults += 1
                if faults >= _MAX_FAULTS:
                    raise LostInvariantError(f"the consumer does not recover: {type(exc).__name__}") from exc
                log.warning("poll_failed", error=type(exc).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                faults = 0

    async def _poll(self) -> None:
        consumer = self._started()
        self._pause_full(consumer)
        # Cancelling a poll loses nothing: it returns records in the same step in which it takes them.
        async with asyncio.timeout(_STUCK_POLL_SECONDS):
            batches = await consumer.getmany(timeout_ms=int(_POLL_SECONDS * 1000))
        for records in batches.values():
            for record in records:
                self._dispatcher.accept(_named(record))
        self._dispatcher.dispatch()
        self._relieve_sometimes()

    def _relieve_sometimes(self) -> None:
        if time.monotonic() - self._relieved_at > _RELIEVE_EVERY_SECONDS:
            self._relieved_at = time.monotonic()
            self._dispatcher.relieve()

    def _pause_full(self, consumer: AIOKafkaConsumer) -> None:
        assigned = consumer.assignment()
        full = {part for part in assigned if self._dispatcher.is_full(Partition(CHUNKS.name, part.partition))}
        paused = consumer.paused()
        if full - paused:
            consumer.pause(*(full - paused))
        if paused - full:
            consumer.resume(*(paused - full))

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_EVERY_SECONDS)
            if self._handover_is_unread:
                continue  # a commit would put its own metadata over it
            points = self._dispatcher.watermark.commit_points()
            moved = {part: point for part, point in points.items() if self._committed.get(part) != point}
            if not moved and self._membership.age_seconds() > _PROVE_EVERY_SECONDS:
                moved = dict(list(points.items())[:1])
            await self._commit(self._started(), moved)

    async def _commit(
        self,
        consumer: AIOKafkaConsumer,
        points: Mapping[Partition, int],
        at_work: Mapping[Partition, Spans] | None = None,
    ) -> bool:
        """Commit if the broker takes it; what it does not take now is committed, or redelivered, later. False if it
        did not. `at_work` goes with the offsets.
        """
        if not points:
            return True
        asked_at = time.monotonic()
        offsets = {
            TopicPartition(self._prefix + part.topic, part.number): (at, write_handover((at_work or {}).get(part, {})))
            for part, at in points.items()
        }
        try:
            async with asyncio.timeout(_COMMIT_TIMEOUT_SECONDS):
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError, TimeoutError) as exc:
            log.info("commit_not_taken", reason=type(exc).__name__)
        except KafkaError as exc:
            log.warning("commit_failed", error=type(exc).__name__)
        else:
            self._membership.prove(asked_at)
            self._committed.update(points)
            return True
        return False

    def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise LostInvariantError("the consumer was used before it started")
        return self._consumer


def _named(record: "ConsumerRecord[bytes, bytes]") -> _Record:
    return _Record(CHUNKS.name, record.partition, record.offset, record.key, record.value, record.headers)
