"""Chunks that back off: they take no place, and do not hold their partition up."""

import asyncio
from datetime import timedelta

import pytest

from extractor.dispatcher import Dispatcher
from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.events import ChunkExtracted, ChunkSubmitted, Message
from feuilleton.contracts.topics import CHUNKS
from feuilleton.streaming.memory import MemoryPublisher
from tests.unit.extractor.chunk_builders import (
    Bench,
    ManualTime,
    OpenGuard,
    a_chunk,
    a_record,
    until,
)
from tests.unit.extractor.desk import Desk, P

pytestmark = pytest.mark.usefixtures("no_waits")


class LongRests(ManualTime):
    """Time in which a backoff lasts until the test ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await self.over.wait()


async def a_resting_chunk(desk: Desk, *, behind: int = 3, copies: int = 1) -> tuple[Dispatcher, LongRests]:
    """A dispatcher whose first chunk backs off, with finished ones behind it; there is one place."""
    desk.time = rests = LongRests()
    dispatcher = desk.open(calls=1)
    desk.script.steps = [TransientError(code="model_unavailable")]
    for offset in range(copies):
        dispatcher.accept(a_record(offset, a_chunk(0)))
    dispatcher.dispatch()
    await until(lambda: bool(rests.slept))
    for offset in range(copies, copies + behind):
        dispatcher.accept(a_record(offset, a_chunk(offset)))
    dispatcher.dispatch()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == behind)
    return dispatcher, rests


@pytest.fixture
def _put_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.put_back._HOLDS_UP_SECONDS", 0.0)


async def test_a_chunk_that_backs_off_takes_no_place(desk: Desk) -> None:
    dispatcher, rests = await a_resting_chunk(desk)
    assert desk.script.runs == [0, 1, 2, 3]
    assert dispatcher.watermark.commit_points() == {P: 0}
    rests.over.set()
    await desk.settle()
    assert dispatcher.watermark.commit_points() == {P: 4}


async def test_a_chunk_that_has_just_begun_to_back_off_stays_where_it_is(desk: Desk) -> None:
    dispatcher, _ = await a_resting_chunk(desk)
    dispatcher.relieve()
    await asyncio.sleep(0.05)
    assert desk.publisher.of(ChunkSubmitted) == []


@pytest.mark.usefixtures("_put_back_at_once")
async def test_a_chunk_that_holds_up_its_partition_is_put_back_with_its_clock_and_its_work_goes_on(desk: Desk) -> None:
    began = desk.time.at
    dispatcher, rests = await a_resting_chunk(desk)
    dispatcher.relieve()
    dispatcher.relieve()
    await until(lambda: dispatcher.watermark.commit_points() == {P: 4})
    (again,) = desk.publisher.of(ChunkSubmitted)
    assert (again.index, again.tries, again.first_call_at) == (0, 1, began)
    assert again.not_before == began + timedelta(seconds=rests.slept[0])
    dispatcher.accept(a_record(4, again))
    await asyncio.sleep(0.05)
    assert dispatcher.watermark.commit_points() == {P: 4}
    rests.over.set()
    await until(lambda: dispatcher.watermark.commit_points() == {P: 5})
    assert desk.script.runs == [0, 1, 2, 3, 0], "one flight, before and after"
    assert desk.window.held_bytes == 0


@pytest.mark.usefixtures("_put_back_at_once")
async def test_its_offset_passes_only_when_the_broker_has_the_copy(desk: Desk) -> None:
    class SlowForChunks(MemoryPublisher):
        asked = False
        go = asyncio.Event()

        async def publish(self, message: Message) -> None:
            if message.topic == CHUNKS.name:
                self.asked = True
                await self.go.wait()
            await super().publish(message)

    desk.publisher = publisher = SlowForChunks()
    dispatcher, _ = await a_resting_chunk(desk)
    dispatcher.relieve()
    await until(lambda: publisher.asked)
    assert dispatcher.watermark.commit_points() == {P: 0}
    publisher.go.set()
    await until(lambda: dispatcher.watermark.commit_points() == {P: 4})


@pytest.mark.usefixtures("_put_back_at_once")
async def test_copies_of_a_chunk_leave_as_one(desk: Desk) -> None:
    dispatcher, _ = await a_resting_chunk(desk, copies=3)
    dispatcher.relieve()
    await until(lambda: dispatcher.watermark.commit_points() == {P: 6})
    assert len(desk.publisher.of(ChunkSubmitted)) == 1


@pytest.mark.usefixtures("_put_back_at_once")
async def test_a_chunk_with_nothing_finished_behind_it_is_not_put_back(desk: Desk) -> None:
    dispatcher, _ = await a_resting_chunk(desk, behind=0)
    dispatcher.relieve()
    await asyncio.sleep(0.05)
    assert desk.publisher.messages == []


@pytest.mark.usefixtures("_put_back_at_once")
async def test_a_chunk_that_was_put_back_is_not_put_back_again_soon(desk: Desk) -> None:
    desk.time = rests = LongRests()
    dispatcher = desk.open(calls=1)
    desk.script.steps = [TransientError(code="model_unavailable")]
    dispatcher.accept(a_record(0, a_chunk(0, first_call_at=rests.at, tries=4)))
    dispatcher.dispatch()
    await until(lambda: bool(rests.slept))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    dispatcher.relieve()
    await asyncio.sleep(0.05)
    assert desk.publisher.of(ChunkSubmitted) == []
    assert rests.slept[0] >= 8, "the fifth try, not the first"


@pytest.mark.usefixtures("_put_back_at_once")
async def test_chunks_that_wait_for_their_engine_are_not_put_back(desk: Desk) -> None:
    class Closed(OpenGuard):
        async def fresh(self) -> None:
            if self.asked:
                await asyncio.Event().wait()
            self.asked = True

        asked = False

    desk.guard = Closed()
    dispatcher = desk.open(calls=2)
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    dispatcher.relieve()
    await asyncio.sleep(0.05)
    assert desk.publisher.of(ChunkSubmitted) == []


async def test_a_chunk_that_is_not_yet_due_is_held_without_a_place(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    due = desk.time.at + timedelta(seconds=0.2)
    dispatcher.accept(a_record(0, a_chunk(0, not_before=due, first_call_at=desk.time.at, tries=1)))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 2)
    assert desk.script.runs == [1, 0]
    assert dispatcher.watermark.commit_points() == {P: 2}


async def test_a_clock_of_another_machine_holds_a_chunk_no_longer_than_a_backoff() -> None:
    bench = Bench()
    handler, now = bench.handler(), bench.time.at
    late = a_chunk(0, not_before=now + timedelta(days=3))
    assert handler.not_due_seconds(late) == bench.policy.max_delay_seconds
    assert handler.not_due_seconds(a_chunk(0, not_before=now - timedelta(days=3))) == 0
