"""Events as other services publish them."""

import asyncio

from feuilleton.contracts.events import EventData, to_message
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.kafka import KafkaPublisher


def publish(kafka: str, prefix: str, *events: EventData) -> None:
    """Each acknowledged before the next is sent."""

    async def send() -> None:
        publisher = KafkaPublisher(kafka, client_id="test", prefix=prefix)
        await publisher.start()
        try:
            for event in events:
                await publisher.publish(to_message(event, source="test", traceparent=new_traceparent()))
        finally:
            await publisher.stop()

    asyncio.run(send())
