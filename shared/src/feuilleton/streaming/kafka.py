"""Kafka through aiokafka: the idempotent publisher, and how names get a deployment's prefix."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from feuilleton.contracts.errors import BrokerUnavailableError, InvalidInputError, PublishUnknownError
from feuilleton.contracts.events import Message

SEND_TIMEOUT_SECONDS = 10.0
CHECK_TIMEOUT_SECONDS = 3.0
_BATCH_MESSAGES = 100  # about 1 MB of chunks: each batch has a send's time, so a long book needs no faster broker
_MAX_REQUEST_BYTES = 1_100_000  # a dead letter may hold a message of the largest size and its headers


def partition_for(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class KafkaPublisher:
    """Publisher on an idempotent producer with acks=all. Build it inside a running loop."""

    def __init__(
        self,
        bootstrap: str,
        *,
        client_id: str,
        prefix: str = "",
        send_timeout_seconds: float = SEND_TIMEOUT_SECONDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._prefix = prefix
        self._send_timeout_seconds = send_timeout_seconds
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect. Raises BrokerUnavailableError when the broker does not answer; call again later."""
        if self._producer is not None:
            return
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            compression_type="gzip",
            max_request_size=_MAX_REQUEST_BYTES,
            request_timeout_ms=int(SEND_TIMEOUT_SECONDS * 1000),
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as exc:
            await producer.stop()
            raise BrokerUnavailableError(type(exc).__name__) from exc
        self._producer = producer

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), SEND_TIMEOUT_SECONDS)
        except (TimeoutError, KafkaError):
            return  # nothing of ours is unacknowledged: every publish was awaited

    async def publish(self, message: Message) -> None:
        await self.publish_all([message])

    async def publish_all(self, messages: list[Message]) -> None:
        for start in range(0, len(messages), _BATCH_MESSAGES):
            await self._publish_batch(messages[start : start + _BATCH_MESSAGES])

    async def _publish_batch(self, messages: list[Message]) -> None:
        producer = self._started()
        try:
            async with asyncio.timeout(self._send_timeout_seconds):
                waits = [await self._send(producer, message) for message in messages]
                await asyncio.gather(*waits)
        except MessageSizeTooLargeError as exc:
            raise InvalidInputError("message too large", code="message_too_large") from exc
        except TimeoutError as exc:
            raise PublishUnknownError("no acknowledgement in time") from exc
        except KafkaError as exc:
            raise PublishUnknownError(type(exc).__name__) from exc

    async def check(self) -> None:
        producer = self._started()
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                # fetch_all_metadata swallows errors: force_metadata_update says whether a node answered
                answered = await producer.client.force_metadata_update()
        except (TimeoutError, KafkaError) as exc:
            raise BrokerUnavailableError("no answer to a metadata request") from exc
        if not answered:
            raise BrokerUnavailableError("no answer to a metadata request")

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise BrokerUnavailableError("not connected yet")
        return self._producer

    async def _send(self, producer: AIOKafkaProducer, message: Message) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = await producer.send(
            self._prefix + message.topic,
            value=message.value,
            key=message.key,
            headers=list(message.headers),
        )
        return future
