"""What the failpoint tests put into the broker, see there, and tell it of the dead."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest

from feuilleton.contracts import ids
from feuilleton.contracts.events import EventData, JobEnded, Outcome, parse
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import DEAD_LETTERS, JOB_EVENTS, Topic
from tests.kafka_reading import read_records
from tests.seeded_books import TENANT, submit, submit_raw

E = TypeVar("E", bound=EventData)


def until(condition: Callable[[], bool], what: str | Callable[[], str], seconds: float = 60.0) -> None:
    """`what` is for the one who reads that it did not come; as a call it tells how things stand then."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.2)


def cards_of(end: JobEnded, objects: Path) -> bytes:
    """The cards of a completed job in a store that is a folder."""
    assert end.outcome is Outcome.COMPLETED
    assert end.result is not None
    return (objects / ids.cards_key(end.result)).read_bytes()


@dataclass(frozen=True)
class Broker:
    address: str
    prefix: str

    def publish(self, *events: EventData) -> None:
        submit(events, kafka=self.address, prefix=self.prefix)

    def publish_poison(self, topic: Topic, job: JobId, index: int | None = None) -> None:
        """A value that nobody can read, with the headers that tell whose it is."""
        headers = [("job", job.encode()), ("tenant", TENANT.encode()), ("attempt", b"1")]
        if index is not None:
            headers.append(("index", str(index).encode()))
        submit_raw(topic, job.encode(), b"{broken", tuple(headers), kafka=self.address, prefix=self.prefix)

    def events(self, job: JobId, kind: type[E], topic: Topic = JOB_EVENTS) -> list[E]:
        """In the order of the log, repeats too."""
        found = [parse(record.value, record.headers).data for record in self._records(topic, job)]
        return [event for event in found if isinstance(event, kind)]

    def end(self, job: JobId) -> JobEnded:
        """The first end; what comes after it must say the same."""
        until(lambda: bool(self.events(job, JobEnded)), "an end")
        ends = self.events(job, JobEnded)
        assert len({end.model_dump_json() for end in ends}) == 1
        return ends[0]

    def sources(self, job: JobId, topic: Topic) -> list[dict[str, Any]]:
        """Each message about a job with its envelope, in the order of the log."""
        return [json.loads(record.value or b"{}") for record in self._records(topic, job)]

    def event_ids(self, job: JobId, topic: Topic) -> list[str]:
        return [envelope["id"] for envelope in self.sources(job, topic)]

    def letters(self, job: JobId) -> int:
        return len(self._records(DEAD_LETTERS, job))

    def nothing_waits(self, group: str, *topics: Topic) -> bool:
        """Whether the group has committed all that stands in the topics."""
        return asyncio.run(self._nothing_waits(self.prefix + group, topics))

    def evict(self, group: str) -> None:
        """Have the group forget its members, who are dead: it would find out by itself after their session time."""
        asyncio.run(self._evict(self.prefix + group))

    def _records(self, topic: Topic, job: JobId) -> "list[ConsumerRecord[bytes, bytes]]":
        found = asyncio.run(read_records(self.address, self.prefix, topic))
        return [record for record in found if dict(record.headers).get("job") == job.encode()]

    async def _nothing_waits(self, group: str, topics: tuple[Topic, ...]) -> bool:
        admin, consumer = self._admin(), AIOKafkaConsumer(bootstrap_servers=self.address)
        await admin.start()
        await consumer.start()
        try:
            places = await admin.list_consumer_group_offsets(group)
            parts = [
                TopicPartition(self.prefix + topic.name, number)
                for topic in topics
                for number in range(topic.partitions)
            ]
            ends = await consumer.end_offsets(parts)
            return all(end == 0 or (part in places and places[part].offset >= end) for part, end in ends.items())
        finally:
            await consumer.stop()
            await admin.close()

    async def _evict(self, group: str) -> None:
        admin = self._admin()
        await admin.start()
        try:
            node = await admin.find_coordinator(group)
            (described,) = await admin.describe_consumer_groups([group], group_coordinator_id=node)
            members = [member[0] for found in described.groups for member in found[5]]
            for member in members:
                await admin._send_request(LeaveGroupRequest(group, member), node)
        finally:
            await admin.close()

    def _admin(self) -> AIOKafkaAdminClient:
        return AIOKafkaAdminClient(bootstrap_servers=self.address)
