"""The publisher on a producer that takes its time."""

import asyncio

import pytest

from feuilleton.contracts.events import Message
from feuilleton.streaming.kafka import KafkaPublisher


class SlowProducer:
    """Takes one message after the other, 2 ms each, and acknowledges at once."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    async def send(
        self, topic: str, *, value: bytes, key: bytes, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[None]:
        assert (topic, key, headers) == ("chunks", b"k", [])
        await asyncio.sleep(0.002)
        self.values.append(value)
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged


@pytest.mark.heavy
async def test_many_messages_take_longer_than_one_send_may_and_all_arrive_in_order() -> None:
    producer = SlowProducer()
    publisher = KafkaPublisher("127.0.0.1:1", client_id="tests", send_timeout_seconds=1.0)
    publisher._producer = producer
    messages = [Message("chunks", b"k", str(number).encode(), ()) for number in range(700)]
    await publisher.publish_all(messages)
    assert producer.values == [message.value for message in messages]
