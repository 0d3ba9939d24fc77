"""The end of a partition, asked of the broker by a consumer of its own: one that polls would make it wait."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from feuilleton.contracts.errors import BrokerUnavailableError
from feuilleton.streaming.closing import close_consumer

_ASK_TIMEOUT_SECONDS = 3.0
_START_TIMEOUT_SECONDS = 5.0


class KafkaLogEnds:
    """LogEnds on aiokafka. Build it inside a running loop."""

    def __init__(self, bootstrap: str, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._consumer: AIOKafkaConsumer | None = None
        self._starting = asyncio.Lock()

    async def end(self, topic: str, partition: int) -> int:
        part = TopicPartition(topic, partition)
        try:
            consumer = await self._started()
            async with asyncio.timeout(_ASK_TIMEOUT_SECONDS):
                ends = await consumer.end_offsets([part])
        except (KafkaError, OSError, TimeoutError) as exc:
            raise BrokerUnavailableError(f"no end offset: {type(exc).__name__}") from exc
        return int(ends[part])

    async def start(self) -> None:
        """Connect ahead of the first question. Raises BrokerUnavailableError; `end` tries again by itself."""
        try:
            await self._started()
        except (KafkaError, OSError, TimeoutError) as exc:
            raise BrokerUnavailableError(type(exc).__name__) from exc

    async def stop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_consumer(consumer)

    async def _started(self) -> AIOKafkaConsumer:
        async with self._starting:
            if self._consumer is None:
                self._consumer = await self._connect()
            return self._consumer

    async def _connect(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            enable_auto_commit=False,
            request_timeout_ms=int(_ASK_TIMEOUT_SECONDS * 1000),
        )
        try:
            async with asyncio.timeout(_START_TIMEOUT_SECONDS):
                await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        return consumer
