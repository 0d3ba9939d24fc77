"""Backlog on Kafka: what the groups of workers have not finished, and whether ingest has read all of job-events."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from feuilleton.contracts.errors import BrokerUnavailableError
from feuilleton.contracts.topics import JOB_EVENTS, WORKER_GROUPS
from feuilleton.streaming.closing import close_consumer
from feuilleton.streaming.folding import FoldStore

_TIMEOUT_SECONDS = 30.0
_FOLDED_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_FETCH_BYTES = 64 * 1024  # the first message of each partition is enough


class KafkaBacklog:
    """Asks with clients of its own, made for each question: a sweep is rare."""

    def __init__(self, bootstrap: str, watched: FoldStore, *, prefix: str) -> None:
        self._bootstrap = bootstrap
        self._watched = watched
        self._prefix = prefix

    async def wait_until_folded(self) -> bool:
        topic = self._prefix + JOB_EVENTS.name
        parts = [TopicPartition(topic, number) for number in range(JOB_EVENTS.partitions)]
        async with _asking(self._bootstrap) as consumer:
            ends = await consumer.end_offsets(parts)
        deadline = time.monotonic() + _FOLDED_SECONDS
        while time.monotonic() < deadline:
            positions = await self._watched.positions(topic)
            if all(positions.get(part.partition, 0) >= end for part, end in ends.items()):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def oldest_waiting(self) -> datetime | None:
        async with _asking(self._bootstrap) as consumer:
            committed = await self._committed()
            begins = await consumer.beginning_offsets(list(committed))
            ends = await consumer.end_offsets(list(committed))
            places = {part: max(offset, begins[part]) for part, offset in committed.items()}
            behind = {part: offset for part, offset in places.items() if offset < ends[part]}
            times = await _first_times(consumer, behind, ends) if behind else []
        return datetime.fromtimestamp(min(times) / 1000, UTC) if times else None

    async def _committed(self) -> dict[TopicPartition, int]:
        """The place of the slowest group at each partition; 0 where a group never committed."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await admin.start()
            places: dict[TopicPartition, int] = {}
            for group, topics in WORKER_GROUPS.items():
                stored = await admin.list_consumer_group_offsets(self._prefix + group)
                for topic in topics:
                    for number in range(topic.partitions):
                        part = TopicPartition(self._prefix + topic.name, number)
                        offset = stored[part].offset if part in stored else 0
                        places[part] = min(places.get(part, offset), max(offset, 0))
            return places
        finally:
            await admin.close()


@asynccontextmanager
async def _asking(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer for one question, within a time limit. Raises BrokerUnavailableError."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=_FETCH_BYTES
    )
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await consumer.start()
            yield consumer
    except (KafkaError, OSError, TimeoutError) as exc:
        raise BrokerUnavailableError(f"the backlog cannot be read: {type(exc).__name__}") from exc
    finally:
        await close_consumer(consumer)


async def _first_times(
    consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> list[int]:
    """The time (epoch ms) of the first message at or after each place."""
    times: dict[TopicPartition, int] = {}
    consumer.assign(list(places))
    for part, offset in places.items():
        consumer.seek(part, offset)
    open_parts = set(places)
    while open_parts:
        for part, records in (await consumer.getmany(*open_parts, timeout_ms=500)).items():
            times[part] = records[0].timestamp
        # A partition may hold nothing but gaps up to its end.
        open_parts = {part for part in open_parts - set(times) if await consumer.position(part) < ends[part]}
    return list(times.values())
