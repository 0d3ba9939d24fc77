"""One suite for both Publishers: in memory (the fake) and on the real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from feuilleton.contracts.errors import BrokerUnavailableError, InvalidInputError, PublishUnknownError
from feuilleton.contracts.events import CancelJob, Message, to_message
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_CONTROL
from feuilleton.streaming.admin import create_topics
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.kafka import KafkaPublisher, partition_for
from feuilleton.streaming.memory import MemoryPublisher
from feuilleton.streaming.ports import Publisher
from feuilleton_local.ports import LOOPBACK, free_ports
from feuilleton_local.servers.running import LocalServer
from tests.kafka_reading import read_records
from tests.strategies import TENANT


@dataclass
class Log:
    """A publisher, and how to read back what the log holds."""

    publisher: Publisher
    read: Callable[[], Awaitable[list[Message]]]


def a_command(number: int) -> Message:
    return to_message(CancelJob(job=JobId(f"job-{number}"), tenant=TENANT), source="tests", traceparent="t")


async def _read_all(kafka: str, prefix: str) -> list[Message]:
    records = await read_records(kafka, prefix, JOB_CONTROL)
    return [Message(JOB_CONTROL.name, r.key, r.value, tuple(r.headers)) for r in records]


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.servers)])
def broker(request: pytest.FixtureRequest) -> tuple[str, str] | None:
    """Address and prefix of the real broker, None for the one in memory."""
    if request.param == "memory":
        return None
    return request.getfixturevalue("kafka"), request.getfixturevalue("fresh_kafka_topics")


@pytest.fixture
async def log(broker: tuple[str, str] | None) -> AsyncIterator[Log]:
    if broker is None:
        memory = MemoryPublisher()

        async def read() -> list[Message]:
            return memory.messages

        yield Log(memory, read)
        return
    kafka, prefix = broker
    publisher = KafkaPublisher(kafka, client_id="tests", prefix=prefix)
    await publisher.start()
    yield Log(publisher, lambda: _read_all(kafka, prefix))
    await publisher.stop()


async def test_a_published_message_stands_in_the_log_with_key_and_headers(log: Log) -> None:
    message = a_command(1)
    await log.publisher.publish(message)
    assert await log.read() == [message]


async def test_many_messages_keep_their_order_within_a_key(log: Log) -> None:
    messages = [a_command(number) for number in (1, 2, 1, 3, 1)]
    await log.publisher.publish_all(messages)
    found = await log.read()
    assert sorted(m.value for m in found) == sorted(m.value for m in messages)
    of_one = [m.value for m in found if m.key == b"job-1"]
    assert of_one == [m.value for m in messages if m.key == b"job-1"]


async def test_a_broker_that_answers_passes_the_check(log: Log) -> None:
    await log.publisher.check()


@pytest.mark.servers
async def test_a_message_over_the_limit_is_refused_for_good(kafka: str, kafka_topics: str) -> None:
    publisher = KafkaPublisher(kafka, client_id="tests", prefix=kafka_topics)
    await publisher.start()
    with pytest.raises(InvalidInputError) as caught:
        await publisher.publish(Message(JOB_CONTROL.name, b"k", b"x" * 2_000_000))
    assert caught.value.code == "message_too_large"
    await publisher.publish(a_command(1))
    await publisher.stop()


async def test_a_broker_that_is_away_is_told_before_anything_is_sent() -> None:
    (port,) = free_ports(1)
    publisher = KafkaPublisher(f"{LOOPBACK}:{port}", client_id="tests")
    for call in (publisher.start(), publisher.check(), publisher.publish(a_command(1))):
        with pytest.raises(BrokerUnavailableError):
            await call


@pytest.mark.servers
async def test_a_broker_that_freezes_makes_the_outcome_unknown_and_the_check_fail(own_kafka: LocalServer) -> None:
    await create_topics(own_kafka.address)
    publisher = KafkaPublisher(own_kafka.address, client_id="tests", send_timeout_seconds=2.0)
    await publisher.start()
    own_kafka.freeze()
    await asyncio.sleep(1)  # a signal stops the threads of a JVM one after the other
    try:
        with pytest.raises(BrokerUnavailableError):
            await publisher.check()
        with pytest.raises(PublishUnknownError):
            await publisher.publish(a_command(1))
    finally:
        own_kafka.thaw()
    await publisher.publish(a_command(2))
    found = {m.key for m in await _read_all(own_kafka.address, "")}
    assert b"job-2" in found
    await publisher.stop()


@pytest.mark.servers
async def test_the_control_log_is_read_to_its_end_and_then_followed(kafka: str, fresh_kafka_topics: str) -> None:
    publisher = KafkaPublisher(kafka, client_id="tests", prefix=fresh_kafka_topics)
    await publisher.start()
    control = ControlLog(kafka, prefix=fresh_kafka_topics)
    heard = asyncio.Event()
    control.on_command(lambda command: heard.set() if command.job == "job-99" else None)
    await publisher.publish_all([a_command(number) for number in range(50)])
    await publisher.publish(Message(JOB_CONTROL.name, b"k", b"poison"))
    await control.start()
    assert len(control.commands) == 50, "the topic was read to its end before start returned"
    assert control.seconds_since_answer() < 5
    await publisher.publish(a_command(99))
    await asyncio.wait_for(heard.wait(), 2)
    assert control.commands.ended(JobId("job-99"), 1) == "cancel"
    await control.stop()
    await publisher.stop()


@pytest.mark.servers
async def test_the_control_log_of_an_empty_topic_starts_and_hears_the_broker(
    kafka: str, fresh_kafka_topics: str
) -> None:
    control = ControlLog(kafka, prefix=fresh_kafka_topics)
    await control.start()
    await asyncio.sleep(1.5)
    assert control.seconds_since_answer() < 2
    await control.stop()


@pytest.mark.servers
async def test_the_partition_of_a_key_is_the_brokers(kafka: str, fresh_kafka_topics: str) -> None:
    publisher = KafkaPublisher(kafka, client_id="tests", prefix=fresh_kafka_topics)
    await publisher.start()
    keys = [f"key-{number}".encode() for number in range(40)]
    await publisher.publish_all([Message(JOB_CONTROL.name, key, b"{}") for key in keys])
    await publisher.stop()
    records = await read_records(kafka, fresh_kafka_topics, JOB_CONTROL)
    found = {record.key: record.partition for record in records}
    assert found == {key: partition_for(key, JOB_CONTROL.partitions) for key in keys}
