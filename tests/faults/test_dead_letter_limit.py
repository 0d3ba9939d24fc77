"""A consumer that would give nearly everything up ends, with a status that tells, and a metric that could be read."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton.contracts.events import Message
from feuilleton.contracts.topics import CHUNKS, DEAD_LETTERS, JOB_EVENTS, UPLOADS, Topic
from feuilleton.streaming.dead_letter import LIMIT_SHOWN_SECONDS
from feuilleton.streaming.kafka import KafkaPublisher
from tests.kafka_reading import read_records
from tests.stack import Stack, environment, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.slow]

POISON = 60
TOPICS: dict[str, Topic] = {"splitter": UPLOADS, "extractor": CHUNKS, "projector": JOB_EVENTS}
SIGNED = {"splitter": "splitter", "extractor": "extractor", "projector": "status-api-projector"}


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("limit")
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(folder / "objects").as_uri(),
        ENGINES="gemini",
        LOCAL_WORKERS="0",
        GEMINI_API_KEY="fake",
        GEMINI_BASE_URL="http://127.0.0.1:9",
    )
    with running_stack(folder, env, tuple(TOPICS)) as running:
        yield running


def poison(stack: Stack) -> None:
    """As a producer gone wrong would write: no message of ours, and nobody's."""

    async def send() -> None:
        kafka, prefix = stack.env["KAFKA_BOOTSTRAP_SERVERS"], stack.env["KAFKA_PREFIX"]
        publisher = KafkaPublisher(kafka, client_id="test", prefix=prefix)
        await publisher.start()
        try:
            for topic in TOPICS.values():
                await publisher.publish_all([Message(topic.name, b"%d" % n, b"{no json", ()) for n in range(POISON)])
        finally:
            await publisher.stop()

    asyncio.run(send())


def limit_shown(stack: Stack, name: str) -> bool:
    try:
        told = httpx.get(f"{stack[name].url}/metrics", timeout=5).text
    except httpx.TransportError:
        return False
    return f'feuilleton_dead_letter_limit_reached{{service="{SIGNED[name]}"}} 1.0' in told


@pytest.mark.timeout(180)
def test_it_shows_the_limit_for_a_while_and_ends(stack: Stack) -> None:
    poison(stack)
    reached = time.monotonic()
    for name in TOPICS:
        wait_until(lambda name=name: limit_shown(stack, name), seconds=20, what=f"{name} shows its limit")  # type: ignore[misc]
    for name in TOPICS:
        process = stack[name].process
        assert process is not None
        status = process.wait(LIMIT_SHOWN_SECONDS + 30)
        assert status not in (0, None), name
        assert status > 0, f"{name} was killed by a signal"
    assert time.monotonic() - reached > LIMIT_SHOWN_SECONDS - 5
    letters = asyncio.run(read_records(stack.env["KAFKA_BOOTSTRAP_SERVERS"], stack.env["KAFKA_PREFIX"], DEAD_LETTERS))
    by_service = [dict(letter.headers)["dl-service"].decode() for letter in letters]
    for name in TOPICS:
        assert 0 < by_service.count(SIGNED[name]) < POISON, "what is past the limit stays where it is"
