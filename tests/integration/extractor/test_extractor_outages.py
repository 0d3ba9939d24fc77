"""The extractor when the broker goes away, when it is frozen, and when replicas come and go."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import LocalServer
from tests.fakes.gemini import Plan
from tests.integration.extractor.broker import Broker, indices
from tests.integration.extractor.conftest import GeminiProcess, Wait, no_extractor_yet
from tests.seeded_books import a_book
from tests.stack import Service, Stack

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def topics(own_kafka: LocalServer) -> str:
    await create_topics(own_kafka.address, prefix="")
    return own_kafka.address


@pytest.fixture
def own_stack(tmp_path: Path, topics: str, gemini: GeminiProcess) -> Iterator[Stack]:
    with no_extractor_yet(tmp_path, kafka=topics, prefix="", gemini=gemini) as stack:
        yield stack


def freeze(service: Service) -> None:
    os.kill(service.pid, signal.SIGSTOP)


def thaw(service: Service) -> None:
    os.kill(service.pid, signal.SIGCONT)


def test_it_goes_on_after_a_broker_that_was_killed_and_pays_nothing_twice(
    own_stack: Stack, own_kafka: LocalServer, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=0.5))
    broker, book = Broker(own_stack), a_book(80)
    own_stack.add("extractor")
    own_stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().paid > 20)
    own_kafka.kill()
    time.sleep(8)
    at_rest = gemini.stats()
    time.sleep(3)
    assert gemini.stats().calls == at_rest.calls, "no call starts while the broker is silent"
    own_kafka.start()
    wait_until(lambda: len(indices(broker.results(), book)) == 80, seconds=90)
    assert gemini.stats().paid == 80


def test_a_frozen_process_does_not_spend_when_it_wakes(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=2))
    book = a_book(60)
    frozen = stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 8)
    freeze(frozen)
    try:
        other = stack.add("extractor", 1)
        other.start()
        wait_until(lambda: len(indices(broker.results(), book)) == 60, seconds=120)
        before = gemini.stats()
    finally:
        thaw(frozen)
    time.sleep(6)
    assert gemini.stats().calls == before.calls
    assert before.paid <= 60 + 8


def test_replicas_that_come_and_go_in_good_order_lose_nothing_and_pay_for_nothing_twice(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    """Each call takes longer than a rebalance, so that every one of the four finds calls in the air."""
    gemini.follow(Plan(latency_seconds=4))
    book = a_book(250)
    first = stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().paid > 10)
    others = [stack.add("extractor", number) for number in (1, 2)]
    for service in others:
        service.start()
        service.wait_ready()
        time.sleep(6)
    for service in others:
        assert service.stop() == 0
        time.sleep(3)
    wait_until(lambda: len(indices(broker.results(), book)) == 250, seconds=200)
    ends = {part: offset + 1 for part, offset, _, _ in sorted(broker.chunk_records())}
    wait_until(lambda: broker.committed() == ends, seconds=10)
    stats = gemini.stats()
    assert first.stop() == 0
    assert (stats.calls, stats.paid, stats.aborted) == (250, 250, 0), stats


def test_a_replica_that_stops_gives_its_partitions_away_before_its_calls_are_done(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=12))
    book = a_book(60)
    stopping, staying = stack.add("extractor"), stack.add("extractor", 1)
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 8)

    def assignments() -> list[int]:
        lines = [json.loads(line) for line in staying.log.read_text().splitlines() if line.startswith("{")]
        return [line["count"] for line in lines if line["event"] == "partitions_assigned"]

    assert assignments()[-1] == 12
    os.kill(stopping.pid, signal.SIGTERM)
    began = time.monotonic()
    wait_until(lambda: assignments()[-1] == 24, seconds=8)
    assert stopping.stop() == 0
    assert time.monotonic() - began > 4, "its calls were not done yet"
    wait_until(lambda: len(indices(broker.results(), book)) == 60, seconds=200)
    stats = gemini.stats()
    assert (stats.calls, stats.paid, stats.aborted) == (60, 60, 0), stats


def test_chunks_that_were_handed_over_by_a_member_that_then_died_are_done_when_its_time_is_up(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=60))
    book = a_book(16)
    dying = stack.add("extractor", HANDOVER_SECONDS="12")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 4)
    gemini.follow(Plan())  # only the calls in the air are slow: those of the one who takes over are not
    taking_over = stack.add("extractor", 1, HANDOVER_SECONDS="12")
    taking_over.start()
    wait_until(lambda: '"partitions_taken_over"' in taking_over.tail())
    assert gemini.stats().aborted == 0
    dying.kill()
    wait_until(lambda: len(indices(broker.results(), book)) == 16, seconds=60)
    stats = gemini.stats()
    assert {result.outcome for result in broker.results()} == {"ok"}
    assert stats.calls <= 16 + 8, "what was in the air at the kill is asked again, no more"
    assert stats.paid == 16
