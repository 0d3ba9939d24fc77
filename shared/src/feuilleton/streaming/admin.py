"""`python -m feuilleton.streaming.admin`: make the topics. Safe to run again and by several at once."""

import asyncio
import os
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from feuilleton.contracts.errors import BrokerUnavailableError, LostInvariantError
from feuilleton.contracts.topics import ALL_TOPICS, Topic


async def create_topics(bootstrap: str, *, prefix: str = "", replication: int = 1) -> list[str]:
    """Create what is missing and return the names made. Existing topics keep their settings.

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
    described = await admin.describe_topics([prefix + topic.name for topic in ALL_TOPICS])
    found = {entry["topic"]: len(entry["partitions"]) for entry in described}
    for topic in ALL_TOPICS:
        count = found.get(prefix + topic.name, 0)
        if count not in (0, topic.partitions):  # 0: just made, not in this node's metadata yet
            raise LostInvariantError(f"topic {prefix}{topic.name} has {count} partitions, not {topic.partitions}")


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
