"""`python -m feuilleton.streaming.admin`: make the topics. Safe to run again and by several at once."""

import asyncio
import os
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from feuilleton.contracts.errors import BrokerUnavailableError, LostInvariantError
from feuilleton.contracts.topics import ALL_TOPICS, Topic

_SERVED_SECONDS = 10


async def create_topics(bootstrap: str, *, prefix: str = "", replication: int = 1) -> list[str]:
    """Create what is missing; return the names made once the broker serves them. Others keep their settings.

    Raises BrokerUnavailableError when the broker does not answer, LostInvariantError when a topic stands with
    another number of partitions (keys would move: that needs an operator).
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        made = await _create_missing(admin, prefix, replication)
        await _check_partitions(admin, prefix)
    except KafkaConnectionError as exc:
        raise BrokerUnavailableError(f"no Kafka at {bootstrap}") from exc
    finally:
        await admin.close()
    return made


async def _create_missing(admin: AIOKafkaAdminClient, prefix: str, replication: int) -> list[str]:
    wanted = [_new_topic(topic, prefix, replication) for topic in ALL_TOPICS]
    response = await admin.create_topics(wanted)
    made = []
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            continue
        if code:
            raise LostInvariantError(f"topic {name}: {error.__name__}")
        made.append(name)
    return made


def _new_topic(topic: Topic, prefix: str, replication: int) -> NewTopic:
    return NewTopic(prefix + topic.name, topic.partitions, replication, topic_configs=topic.config())


async def _check_partitions(admin: AIOKafkaAdminClient, prefix: str) -> None:
    """Return when the broker serves every topic: one that was just made is not in its metadata at once."""
    names = [prefix + topic.name for topic in ALL_TOPICS]
    try:
        async with asyncio.timeout(_SERVED_SECONDS):
            while not all((found := await _partition_counts(admin, names)).values()):  # noqa: ASYNC110 - ask again
                await asyncio.sleep(0.05)
    except TimeoutError as exc:
        raise BrokerUnavailableError(
            f"Kafka made the topics but does not serve them after {_SERVED_SECONDS} s"
        ) from exc
    for topic in ALL_TOPICS:
        count = found[prefix + topic.name]
        if count != topic.partitions:
            raise LostInvariantError(f"topic {prefix}{topic.name} has {count} partitions, not {topic.partitions}")


async def _partition_counts(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    described = {entry["topic"]: len(entry["partitions"]) for entry in await admin.describe_topics(names)}
    return {name: described.get(name, 0) for name in names}


def main() -> int:
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    prefix = os.environ.get("KAFKA_PREFIX", "")
    replication = int(os.environ.get("KAFKA_REPLICATION", "1"))
    try:
        made = asyncio.run(create_topics(bootstrap, prefix=prefix, replication=replication))
    except (BrokerUnavailableError, LostInvariantError, KafkaError) as exc:
        sys.stderr.write(f"topics: {exc}\n")
        return 1
    sys.stdout.write(f"topics: {len(made)} made, {len(ALL_TOPICS) - len(made)} there already\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
