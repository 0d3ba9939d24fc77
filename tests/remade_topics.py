"""A topic that an operator deletes and makes again."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from feuilleton.contracts.topics import Topic
from feuilleton.streaming.admin import create_topics


def make_anew(topic: Topic, *, kafka: str, prefix: str) -> None:
    """Its records are gone, and groups' offsets with them; the next record has offset 0."""

    async def delete_and_create() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        try:
            await admin.delete_topics([prefix + topic.name])
            while prefix + topic.name in await admin.list_topics():  # noqa: ASYNC110 (ask again)
                await asyncio.sleep(0.1)
        finally:
            await admin.close()
        await create_topics(kafka, prefix=prefix)

    asyncio.run(delete_and_create())
