"""What Faust looks at now and then must not end its worker."""

import asyncio
import time
from types import SimpleNamespace

from aiokafka import TopicPartition

from feuilleton.streaming.faust_worker import build_app

PART = TopicPartition("chunk-results", 3)


async def test_a_partition_that_has_no_place_at_the_moment_is_looked_at_later() -> None:
    """The broker called the place out of range, and the client is about to ask where the log begins now."""
    consumer = build_app("merger", bootstrap="localhost:1", prefix="").consumer
    thread = consumer._thread
    thread._consumer = client = thread._create_consumer(asyncio.get_running_loop())
    thread.time_started = time.monotonic()
    client.assign([PART])
    client._fetcher = SimpleNamespace(_subscriptions=client._subscription)  # its start, which a broker would answer
    state = client._subscription.subscription.assignment.state_value(PART)
    state.seek(5)
    state.highwater, state.timestamp = 9, time.monotonic() * 1000
    await consumer.verify_all_partitions_active()
    state.await_reset(-2)
    await consumer.verify_all_partitions_active()
    client._fetcher = None
    await client.stop()
