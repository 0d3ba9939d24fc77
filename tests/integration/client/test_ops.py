"""`feuilleton ops` on a real broker."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from feuilleton.contracts.events import Message, to_message
from feuilleton.contracts.topics import CHUNKS
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.kafka import KafkaPublisher
from tests.kafka_reading import read_records
from tests.seeded_books import a_book
from tests.unit.streaming.test_dead_letter_replay import Taken

pytestmark = pytest.mark.servers
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ops(kafka: str, fresh_kafka_topics: str) -> Run:
    def run(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_PREFIX": fresh_kafka_topics, **env}
        command = [sys.executable, "-m", "feuilleton_client", "ops", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


async def bury(kafka: str, prefix: str, *messages: Message) -> None:
    publisher = KafkaPublisher(kafka, client_id="tests", prefix=prefix)
    await publisher.start()
    letters = DeadLetters(publisher, service="extractor")
    for offset, message in enumerate(messages):
        await letters.send(Taken(message, offset=offset, topic=prefix + CHUNKS.name), "unknown_type")
    await publisher.stop()


def test_letters_are_listed_shown_and_put_back(ops: Run, kafka: str, fresh_kafka_topics: str) -> None:
    book = a_book(3)
    messages = [to_message(chunk, source="tests", traceparent=new_traceparent()) for chunk in book.chunks]
    asyncio.run(bury(kafka, fresh_kafka_topics, *messages, messages[0]))
    listed = [json.loads(line) for line in ops("dead-letters", "list", "--json").stdout.splitlines()]
    assert [(each["reason"], each["topic"], each["job"]) for each in listed] == [
        ("unknown_type", "chunks", book.job)
    ] * 4
    assert ops("dead-letters", "list", "--reason", "other").stdout == ""
    shown = ops("dead-letters", "show", listed[1]["id"])
    assert f"index: {listed[1]['index']}" in shown.stdout
    assert book.job in shown.stdout
    assert ops("dead-letters", "show", "0-99").returncode == 9
    one = ops("dead-letters", "replay", listed[1]["id"])
    assert one.stdout.split() == [listed[1]["id"], "chunks"]
    assert len(ops("dead-letters", "replay", "--all", "--job", book.job).stdout.splitlines()) == 3
    records = asyncio.run(read_records(kafka, fresh_kafka_topics, CHUNKS))
    assert sorted(record.value for record in records) == sorted(
        [*(message.value for message in messages), messages[listed[1]["index"]].value]
    )
    assert {record.key for record in records} == {message.key for message in messages}


def test_nothing_is_put_back_by_a_slip(ops: Run) -> None:
    assert ops("dead-letters", "replay").returncode == 2


def test_a_server_that_is_away_is_told(ops: Run) -> None:
    gone = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DATABASE_URL": "postgresql://postgres@127.0.0.1:1/x"}
    for arguments in (("dead-letters", "list"), ("reconcile", "some-job"), ("rebuild-projection",)):
        done = ops(*arguments, **gone)
        assert (done.returncode, "Traceback" in done.stderr) == (8, False), done.stderr
    assert ops("reconcile", "some-job", DATABASE_URL="").returncode == 2
