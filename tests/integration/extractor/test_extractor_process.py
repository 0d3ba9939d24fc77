"""The true extractor process against the real broker, a folder as store, and a fake model server."""

import time

import httpx
import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import CancelJob
from feuilleton.contracts.job_settings import Engine
from tests.fakes.gemini import Fault, Plan, Refusal
from tests.integration.extractor.broker import Broker, indices
from tests.integration.extractor.conftest import GeminiProcess, Wait
from tests.seeded_books import TENANT, a_book, submit
from tests.stack import Stack

pytestmark = pytest.mark.servers


def test_every_chunk_becomes_a_checkpoint_and_a_result_and_its_offset_is_committed(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    book = a_book(40)
    broker.publish(book)
    stack.add("extractor")
    stack.start()
    wait_until(lambda: len(indices(broker.results(), book)) == 40)
    assert {result.outcome for result in broker.results()} == {"ok"}
    ends = {part: offset + 1 for part, offset, _, _ in sorted(broker.chunk_records())}
    wait_until(lambda: broker.committed() == ends, seconds=5)
    assert gemini.stats().paid == 40
    assert gemini.stats().peak_in_flight <= 8


def test_a_killed_replica_loses_nothing_and_no_commit_passes_an_unfinished_chunk(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=0.4))
    book = a_book(160)
    for replica in range(2):
        stack.add("extractor", replica)
    stack.start()
    broker.publish(book)
    records = broker.chunk_records()
    folder = stack.folder / "objects"

    def unfinished_below_the_commit() -> list[tuple[int, int]]:
        committed = broker.committed()
        below = [(part, at, job, index) for part, at, job, index in records if at < committed.get(part, 0)]
        return [
            (part, at)
            for part, at, _, index in below
            if not (folder / ids.checkpoint_key(TENANT, book.job, index)).exists()
        ]

    wait_until(lambda: len(broker.results()) > 30)
    assert unfinished_below_the_commit() == []
    stack["extractor-1"].kill()
    done = False
    while not done:
        assert unfinished_below_the_commit() == []
        done = len(indices(broker.results(), book)) == 160
        time.sleep(0.2)
    assert gemini.stats().paid <= 160 + 8, "what flew at the kill may be paid twice, no more"
    ends = {part: offset + 1 for part, offset, _, _ in sorted(records)}
    wait_until(lambda: broker.committed() == ends, seconds=10)


def test_a_cancel_aborts_the_calls_in_flight_and_starts_no_more(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=30))
    book, other = a_book(30), a_book(1)
    stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 4)  # as many as are tried at first
    submit([CancelJob(job=book.job, tenant=TENANT)], kafka=broker.kafka, prefix=broker.prefix)
    wait_until(lambda: gemini.stats().in_flight == 0, seconds=2)
    gemini.follow(Plan())
    broker.publish(other)
    wait_until(lambda: len(indices(broker.results(), other)) == 1)
    assert indices(broker.results(), book) == set()
    assert gemini.stats().paid == 1
    ends = {part: offset + 1 for part, offset, _, _ in sorted(broker.chunk_records())}
    wait_until(lambda: broker.committed() == ends, seconds=5)


def test_sigterm_finishes_what_flies_and_nothing_is_paid_twice(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(latency_seconds=1.5))
    book = a_book(24)
    first = stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().in_flight == 8)
    assert first.stop() == 0
    second = stack.add("extractor", 1)
    second.start()
    wait_until(lambda: len(indices(broker.results(), book)) == 24)
    stats = gemini.stats()
    assert (stats.paid, stats.paid_again, stats.aborted) == (24, 0, 0)


def test_a_chunk_of_an_engine_that_is_not_configured_fails_with_that_code(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    book = a_book(3, engine=Engine.OPENAI)
    stack.add("extractor")
    stack.start()
    broker.publish(book)
    wait_until(lambda: len(broker.results()) == 3)
    assert {result.code for result in broker.results()} == {"engine_not_configured"}
    assert gemini.stats().calls == 0


def test_a_storm_of_refusals_pauses_the_engine_and_fails_no_chunk(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    gemini.follow(Plan(chances={Fault.QUOTA: 1.0}, retry_after_seconds=2.0))
    book = a_book(40)
    extractor = stack.add("extractor", CHUNK_DEADLINE_SECONDS="5")
    stack.start()
    broker.publish(book)
    wait_until(lambda: gemini.stats().calls > 0)
    time.sleep(10)
    assert gemini.stats().calls <= 4 + 2 + 10 / 2, "the first calls, half of them, then one each time"
    assert httpx.get(f"{extractor.url}/livez").status_code == 200
    gemini.follow(Plan())
    wait_until(lambda: len(indices(broker.results(), book)) == 40)
    assert {result.outcome for result in broker.results()} == {"ok"}
    assert gemini.stats().paid == 40


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_process_that_waits_for_quota_for_long_is_alive_all_the_time(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    """Longer than a loop may stand still: a probe that took this for a hang would kill, and pay again."""
    gemini.follow(Plan(chances={Fault.QUOTA: 1.0}, retry_after_seconds=50.0))
    book = a_book(20)
    extractor = stack.add("extractor", CHUNK_DEADLINE_SECONDS="10")
    stack.start()
    began = time.monotonic()
    broker.publish(book)
    wait_until(lambda: gemini.stats().calls == 4, what="as many calls as it begins with")
    gemini.follow(Plan())
    while time.monotonic() < began + 40:
        time.sleep(1)
        assert httpx.get(f"{extractor.url}/livez", timeout=4).status_code == 200
        assert httpx.get(f"{extractor.url}/readyz", timeout=4).status_code == 200
    assert gemini.stats().calls == 4, "what the model asked for is kept to"
    wait_until(lambda: len(indices(broker.results(), book)) == 20)
    assert {result.outcome for result in broker.results()} == {"ok"}


@pytest.mark.slow
def test_a_chunk_that_the_model_fails_for_long_is_put_back_and_its_partition_goes_on(
    stack: Stack, broker: Broker, gemini: GeminiProcess, wait_until: Wait
) -> None:
    book = a_book(120)
    (stuck,) = (chunk for chunk in book.chunks if chunk.index == 3)
    gemini.follow(Plan(refusals=(Refusal(text="numéro 4 du", fault=Fault.UNAVAILABLE),)))
    # Put back after 60 s; a backoff begun until then (60 s at most) must not lead beyond the deadline, or it fails.
    stack.add("extractor", CHUNK_DEADLINE_SECONDS="150")
    stack.start()
    broker.publish(book)
    records = broker.chunk_records()
    (partition, offset) = next((part, at) for part, at, _, index in records if index == stuck.index)
    end = max(at for part, at, _, _ in records if part == partition) + 1
    wait_until(lambda: len(indices(broker.results(), book)) == 119)
    assert broker.committed().get(partition, 0) <= offset
    wait_until(lambda: broker.committed().get(partition, 0) >= end, seconds=80, what="the commit passes")
    copies = [at for part, at, _, index in broker.chunk_records() if index == stuck.index]
    assert copies == [offset, end]
    wait_until(lambda: len(indices(broker.results(), book)) == 120, seconds=100)
    wait_until(lambda: broker.committed().get(partition) == end + 1, seconds=10)
    assert {result.code for result in broker.results() if result.index == 3} == {"deadline_exceeded"}
    assert gemini.stats().paid == 119
