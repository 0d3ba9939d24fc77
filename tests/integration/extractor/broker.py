"""What the extractor's tests put into the broker, and look at there."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from feuilleton.contracts.events import ChunkExtracted
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS
from tests.kafka_reading import read_events, read_records
from tests.seeded_books import SeededBook, seed, submit
from tests.stack import Stack


class Broker:
    """What the tests look at in the broker."""

    def __init__(self, stack: Stack) -> None:
        self.kafka = stack.env["KAFKA_BOOTSTRAP_SERVERS"]
        self.prefix = stack.env["KAFKA_PREFIX"]
        self.store = stack.env["OBJECT_STORE_URL"]

    def publish(self, *books: SeededBook) -> None:
        for book in books:
            seed(book, object_store_url=self.store)
        submit([chunk for book in books for chunk in book.chunks], kafka=self.kafka, prefix=self.prefix)

    def results(self) -> list[ChunkExtracted]:
        events = read_events(self.kafka, self.prefix, CHUNK_RESULTS)
        return [event for event in events if isinstance(event, ChunkExtracted)]

    def committed(self) -> dict[int, int]:
        return asyncio.run(self._committed())

    async def _committed(self) -> dict[int, int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(f"{self.prefix}extractor")
        finally:
            await admin.close()
        return {part.partition: at.offset for part, at in offsets.items() if at.offset > 0}

    def chunk_records(self) -> list[tuple[int, int, str, int]]:
        """(partition, offset, job, index) of every chunk message."""
        found = []
        for record in asyncio.run(read_records(self.kafka, self.prefix, CHUNKS)):
            headers = dict(record.headers)
            found.append((record.partition, record.offset, headers["job"].decode(), int(headers["index"])))
        return found


def indices(results: list[ChunkExtracted], book: SeededBook) -> set[int]:
    return {result.index for result in results if result.job == book.job}
