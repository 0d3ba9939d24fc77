"""What stands in a topic, for tests to compare with."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from feuilleton.contracts.events import EventData, parse
from feuilleton.contracts.topics import Topic


async def read_records(kafka: str, prefix: str, topic: Topic) -> "list[ConsumerRecord[bytes, bytes]]":
    """All records of a topic from its beginning to the end it has now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = [TopicPartition(prefix + topic.name, number) for number in range(topic.partitions)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def read_events(kafka: str, prefix: str, *topics: Topic, job: str | None = None) -> list[EventData]:
    """The parsed data of all records, or of those of one job; for tests that are not asynchronous."""
    with ThreadPoolExecutor(1) as thread:
        found = [thread.submit(asyncio.run, read_records(kafka, prefix, topic)).result() for topic in topics]
    events = [parse(record.value, record.headers).data for records in found for record in records]
    return [event for event in events if job in (None, event.job)]
