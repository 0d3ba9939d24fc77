"""What the consumer says of itself, without a broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from extractor.consumer import ChunkConsumer, GroupTiming
from extractor.dispatcher import Dispatcher
from extractor.gate import Freshness
from extractor.handover import read_handover
from extractor.watermark import Partition
from extractor.window import Window
from feuilleton.contracts.events import ChunkExtracted
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetters
from tests.unit.extractor.chunk_builders import Bench, Script, a_chunk, a_record, until

P = Partition("chunks", 0)
TOPIC_PARTITION = TopicPartition("chunks", 0)


class Coordinator:
    """A client that keeps what it is told to commit, or refuses it."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.committed: dict[TopicPartition, tuple[int, str]] = {}
        self._refusal = refusal

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        if self._refusal is not None:
            raise self._refusal
        self.committed.update(offsets)

    async def stop(self) -> None:
        self.stopped = True

    stopped = False


class SlowCoordinator:
    """A client whose commits are answered after a while."""

    async def commit(self, offsets: Mapping[object, int]) -> None:
        assert offsets
        await asyncio.sleep(0.3)


@pytest.fixture
async def membership() -> Freshness:
    return Freshness()


@pytest.fixture
async def consumer(membership: Freshness) -> AsyncIterator[ChunkConsumer]:
    bench = Bench()
    letters = DeadLetters(bench.publisher, service="extractor")
    dispatcher = Dispatcher(bench.handler(), letters, Commands(), {}, Window(10**6))
    yield ChunkConsumer("127.0.0.1:1", prefix="", dispatcher=dispatcher, timing=GroupTiming(), membership=membership)
    await dispatcher.drain(0)


async def test_a_process_that_still_waits_for_its_broker_is_alive(
    consumer: ChunkConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extractor.consumer._STUCK_POLL_SECONDS", 0.0)
    assert await consumer.missing_for_life() == []


async def test_a_commit_proves_membership_as_of_when_it_was_asked(
    consumer: ChunkConsumer, membership: Freshness
) -> None:
    await consumer._commit(SlowCoordinator(), {Partition("chunks", 0): 1})
    assert 0.3 <= membership.age_seconds() < 5


@pytest.fixture
async def bench() -> Bench:
    return Bench(script=Script(hold=True))


@pytest.fixture
async def dispatcher(bench: Bench) -> AsyncIterator[Dispatcher]:
    """At work on offset 3 of partition 0, with offset 4 finished."""
    letters = DeadLetters(bench.publisher, service="extractor")
    dispatcher = Dispatcher(bench.handler(), letters, Commands(), {}, Window(10**6))
    dispatcher.assign([P])
    for offset in (3, 4):
        dispatcher.accept(a_record(offset, a_chunk(offset)))
    dispatcher.dispatch()
    await until(lambda: len(bench.script.runs) == 2)
    dispatcher.watermark.finish(P, 4)
    yield dispatcher
    await dispatcher.drain(0)


def a_consumer(dispatcher: Dispatcher, client: object) -> ChunkConsumer:
    consumer = ChunkConsumer(
        "127.0.0.1:1", prefix="", dispatcher=dispatcher, timing=GroupTiming(), membership=Freshness()
    )
    consumer._consumer = client
    return consumer


async def test_the_last_commit_before_a_rebalance_tells_what_is_at_work(dispatcher: Dispatcher) -> None:
    client = Coordinator()
    await a_consumer(dispatcher, client).on_partitions_revoked({TOPIC_PARTITION})
    offset, metadata = client.committed[TOPIC_PARTITION]
    assert offset == 3
    assert read_handover(metadata)[3] == pytest.approx(180, abs=1)


async def test_work_of_which_nobody_could_be_told_is_given_up_with_its_partition(
    bench: Bench, dispatcher: Dispatcher
) -> None:
    consumer = a_consumer(dispatcher, Coordinator(CommitFailedError("no longer a member")))
    await consumer.on_partitions_revoked({TOPIC_PARTITION})
    consumer.on_partitions_assigned(set())
    await until(lambda: 3 in bench.script.aborted)


async def test_work_that_was_told_of_goes_on_when_its_partition_moves(bench: Bench, dispatcher: Dispatcher) -> None:
    consumer = a_consumer(dispatcher, Coordinator())
    await consumer.on_partitions_revoked({TOPIC_PARTITION})
    consumer.on_partitions_assigned(set())
    await asyncio.sleep(0.05)
    assert bench.script.aborted == []


@pytest.mark.heavy
async def test_a_handover_that_cannot_be_read_stops_nothing(bench: Bench, dispatcher: Dispatcher) -> None:
    consumer = a_consumer(dispatcher, Coordinator())
    dispatcher.assign([P], more_to_come=True)
    dispatcher.accept(a_record(9, a_chunk(9)))
    await consumer._take_over([P])
    await until(lambda: 9 in bench.script.runs)


async def test_nothing_is_committed_over_a_handover_that_is_not_read_yet(dispatcher: Dispatcher) -> None:
    client = Coordinator()
    consumer = a_consumer(dispatcher, client)
    consumer._taking_over = asyncio.create_task(asyncio.sleep(60))
    committing = asyncio.create_task(consumer._commit_forever())
    await asyncio.sleep(0.8)
    await consumer.on_partitions_revoked({TOPIC_PARTITION})
    assert client.committed == {}
    committing.cancel()


async def test_who_stops_leaves_at_once_tells_what_is_at_work_and_finishes_it(
    bench: Bench, dispatcher: Dispatcher
) -> None:
    client = Coordinator()
    consumer = a_consumer(dispatcher, client)
    consumer._joined = True
    draining = asyncio.create_task(consumer.drain(10.0))
    await until(lambda: client.stopped)
    offset, metadata = client.committed[TOPIC_PARTITION]
    assert offset == 3
    assert read_handover(metadata)[3] == pytest.approx(10, abs=1)
    assert bench.script.aborted == []
    await until(lambda: consumer._membership.age_seconds() == 0.0)  # its word is good for that long
    bench.script.go.set()
    await asyncio.wait_for(draining, 5)
    assert sorted(result.index for result in bench.publisher.of(ChunkExtracted)) == [3, 4]


async def test_who_stops_and_can_tell_nobody_keeps_its_partitions_until_the_end(
    bench: Bench, dispatcher: Dispatcher
) -> None:
    client = Coordinator(CommitFailedError("away"))
    consumer = a_consumer(dispatcher, client)
    consumer._joined = True
    draining = asyncio.create_task(consumer.drain(10.0))
    await asyncio.sleep(0.05)
    assert not client.stopped
    bench.script.go.set()
    await asyncio.wait_for(draining, 5)
    assert bench.script.aborted == []


async def test_what_was_lent_to_a_frozen_process_is_used_up_when_it_wakes(membership: Freshness) -> None:
    membership.lend(0.1)
    assert membership.age_seconds() == 0.0
    await asyncio.sleep(0.15)
    assert membership.age_seconds() == float("inf")


@pytest.mark.heavy
async def test_who_was_out_of_its_group_counts_as_a_member_again_only_when_it_knows_what_others_did(
    dispatcher: Dispatcher,
) -> None:
    consumer = a_consumer(dispatcher, Coordinator(CommitFailedError("no longer a member")))
    await consumer.on_partitions_revoked({TOPIC_PARTITION})
    consumer.on_partitions_assigned({TOPIC_PARTITION})
    assert consumer._membership.age_seconds() == float("inf")
    assert consumer._taking_over is not None
    await consumer._taking_over
    assert consumer._membership.age_seconds() < 60
