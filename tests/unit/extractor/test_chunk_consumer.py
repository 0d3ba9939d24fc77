"""What the consumer says of itself, without a broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from extractor.consumer import ChunkConsumer, GroupTiming
from extractor.dispatcher import Dispatcher
from extractor.gate import Freshness
from extractor.watermark import Partition
from extractor.window import Window
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.dead_letter import DeadLetters
from tests.unit.extractor.chunk_builders import Bench


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
