import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from feuilleton.contracts.topics import ALL_TOPICS
from feuilleton_local.servers.running import LocalServer

pytestmark = pytest.mark.servers


async def test_a_module_has_the_topics_of_the_contract_under_its_own_prefix(kafka: str, kafka_topics: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        found = {topic for topic in await admin.list_topics() if topic.startswith(kafka_topics)}
    finally:
        await admin.close()
    assert found == {kafka_topics + topic.name for topic in ALL_TOPICS}


async def test_a_module_has_an_empty_database_of_its_own(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        count = await connection.fetchval(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        )
    finally:
        await connection.close()
    assert count == 0


async def test_acknowledged_rows_outlive_kill_9_of_postgres(own_postgres: LocalServer) -> None:
    connection = await asyncpg.connect(own_postgres.address)
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    own_postgres.kill()
    own_postgres.start()
    again = await asyncpg.connect(own_postgres.address)
    try:
        assert await again.fetchval("SELECT value FROM kept") == 7
    finally:
        await again.close()


async def test_acknowledged_messages_outlive_kill_9_of_kafka(own_kafka: LocalServer) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.address)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=own_kafka.address, acks="all")
    await producer.start()
    sent = await producer.send_and_wait("kept", b"before")
    await producer.stop()
    own_kafka.kill()
    own_kafka.start()
    producer = AIOKafkaProducer(bootstrap_servers=own_kafka.address, acks="all")
    await producer.start()
    try:
        assert (await producer.send_and_wait("kept", b"after")).offset == sent.offset + 1
    finally:
        await producer.stop()
