"""A rebalance while a batch is being stored, on a consumer and a store that are scripted."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from feuilleton.contracts.events import to_message
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.folding import Batch
from feuilleton.streaming.log_folding import LogFolder
from feuilleton.streaming.memory import MemoryPublisher
from tests.unit.status_api.story import a_story

PART = TopicPartition("job-events", 0)


class ScriptedConsumer:
    """One partition, whose `position` a rebalance sets back to what the group committed."""

    def __init__(self, records: list[Any]) -> None:
        self._records = records
        self.position = 0
        self.assigned = {PART}
        self.committed: list[Mapping[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def highwater(self, part: TopicPartition) -> int:
        """As the client: it will not hear of a partition that is not assigned."""
        assert part in self.assigned, "Partition is not assigned"
        return len(self._records)

    async def commit(self, places: Mapping[TopicPartition, int]) -> None:
        self.committed.append(places)

    async def beginning_offsets(self, parts: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(parts, 0)

    def seek(self, part: TopicPartition, offset: int) -> None:
        assert part == PART
        self.position = offset

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms > 0
        records = self._records[self.position :]
        self.position = len(self._records)
        return {PART: records} if records else {}


class ScriptedStore:
    """Keeps offsets alone. `during_apply` runs once, inside the first batch."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.during_apply: Callable[[], Awaitable[None]] | None = None

    async def positions(self, topic: str) -> Mapping[int, int]:
        assert topic == PART.topic
        return {PART.partition: self.next_offset}

    async def raise_position(self, topic: str, partition: int, offset: int) -> None:
        assert (topic, partition) == PART
        self.next_offset = max(self.next_offset, offset)

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        raise AssertionError((topic, partition, offset))

    async def apply(self, batch: Batch) -> int:
        during, self.during_apply = self.during_apply, None
        if during is not None:
            await during()
        self.next_offset = batch.next_offset
        return batch.next_offset


def logged() -> list[Any]:
    messages = [to_message(event, source="tests", traceparent=new_traceparent()) for event in a_story(chunks=1).whole()]
    return [
        ConsumerRecord(*PART, offset, 0, 0, message.key, message.value, None, 0, 0, message.headers)
        for offset, message in enumerate(messages)
    ]


async def test_a_partition_given_anew_while_its_batch_is_stored_is_read_from_its_stored_place() -> None:
    records = logged()
    consumer, store = ScriptedConsumer(records), ScriptedStore()
    projector = LogFolder(
        consumer, store, DeadLetters(MemoryPublisher(), service="tests"), topic=PART.topic, group="tests"
    )

    async def rebalance() -> None:
        await projector.on_partitions_revoked([PART])
        consumer.position = 0
        await projector.on_partitions_assigned([PART])

    store.during_apply = rebalance
    await projector.step()
    assert store.next_offset == len(records)
    await projector.step()
    assert consumer.position == store.next_offset == len(records)


async def test_a_group_that_is_lost_before_the_folder_hears_of_it_does_not_stop_the_folder() -> None:
    records = logged()
    consumer = ScriptedConsumer(records)
    projector = LogFolder(
        consumer, ScriptedStore(), DeadLetters(MemoryPublisher(), service="tests"), topic=PART.topic, group="tests"
    )
    await projector.step()
    consumer.assigned = set()
    projector._shown_at -= 60
    await projector.step()
    assert consumer.committed == []
    consumer.assigned = {PART}
    projector._shown_at -= 60
    await projector.step()
    assert consumer.committed == [{PART: len(records)}]
