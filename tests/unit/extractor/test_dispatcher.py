"""Taking in, turns, commands and the end, without a broker."""

import asyncio
import dataclasses

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.errors import InvalidInputError, LostInvariantError
from feuilleton.contracts.events import CancelJob, ChunkExtracted, DeleteJob, Message, parse
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.topics import DEAD_LETTERS
from feuilleton.streaming.dead_letter import DeadLetterLimit, DeadLetterLimitError
from feuilleton.streaming.memory import MemoryPublisher
from tests.unit.extractor.chunk_builders import (
    JOB,
    TENANT,
    ARecord,
    a_chunk,
    a_manifest,
    a_record,
    until,
)
from tests.unit.extractor.desk import Desk, P, Q

pytestmark = pytest.mark.usefixtures("no_waits")


async def test_a_record_is_extracted_and_its_offset_finished(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.accept(a_record(5, a_chunk()))
    dispatcher.dispatch()
    await desk.settle()
    assert len(desk.publisher.of(ChunkExtracted)) == 1
    assert dispatcher.watermark.commit_points() == {P: 6}
    assert desk.window.held_bytes == 0


async def test_no_more_chunks_are_at_work_than_the_engine_allows(desk: Desk) -> None:
    dispatcher = desk.open(calls=2)
    desk.script.hold = True
    for index in range(5):
        dispatcher.accept(a_record(index, a_chunk(index)))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 2)
    assert sorted(desk.script.runs) == [0, 1]
    desk.script.hold = False
    desk.script.go.set()
    await desk.settle()
    assert sorted(desk.script.runs) == [0, 1, 2, 3, 4]
    assert dispatcher.watermark.commit_points() == {P: 5}


async def test_the_offset_of_a_failed_chunk_passes_too(desk: Desk) -> None:
    dispatcher = desk.open()
    desk.script.steps = [InvalidInputError(code="refused")]
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.dispatch()
    await desk.settle()
    assert dispatcher.watermark.commit_points() == {P: 1}


async def test_a_fault_of_ours_costs_that_chunk_alone(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    desk.script.steps = [ZeroDivisionError()]
    for index in range(2):
        dispatcher.accept(a_record(index, a_chunk(index)))
    dispatcher.dispatch()
    await desk.settle()
    assert [result.code for result in desk.publisher.of(ChunkExtracted)] == ["internal_error", None]
    assert not dispatcher.failure.done()


async def test_work_that_is_cancelled_by_nobody_here_stops_the_process(desk: Desk) -> None:
    """Else its message would hold its partition up until the next restart."""

    class Cancelling(MemoryPublisher):
        async def publish(self, message: Message) -> None:  # noqa: ARG002 - the port's
            raise asyncio.CancelledError

    desk.publisher = Cancelling()
    dispatcher = desk.open()
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.dispatch()
    await desk.settle()
    with pytest.raises(LostInvariantError):
        dispatcher.failure.result()
    assert dispatcher.watermark.commit_points() == {P: 0}


async def test_a_cancel_aborts_what_runs_drops_what_waits_and_publishes_nothing(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    desk.script.hold = True
    for index in range(3):
        dispatcher.accept(a_record(index, a_chunk(index)))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    desk.command(CancelJob(job=JOB, tenant=TENANT, attempt=1))
    await desk.settle()
    assert desk.script.runs == desk.script.aborted == [0]
    assert desk.publisher.messages == []
    assert dispatcher.watermark.commit_points() == {P: 3}
    assert desk.window.held_bytes == 0


async def test_a_result_that_is_being_published_is_published_to_its_end(desk: Desk) -> None:
    class Slow(MemoryPublisher):
        def __init__(self) -> None:
            super().__init__()
            self.asked, self.go = asyncio.Event(), asyncio.Event()

        async def publish(self, message: Message) -> None:
            self.asked.set()
            await self.go.wait()
            await super().publish(message)

    publisher = desk.publisher = Slow()
    dispatcher = desk.open()
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.dispatch()
    await publisher.asked.wait()
    desk.command(CancelJob(job=JOB, tenant=TENANT, attempt=1))
    dispatcher.assign([Q])
    publisher.go.set()
    await desk.settle()
    assert len(publisher.of(ChunkExtracted)) == 1


async def test_a_cancel_of_one_attempt_leaves_the_flight_to_the_other(desk: Desk) -> None:
    dispatcher = desk.open(calls=5)
    desk.script.hold = True
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.accept(a_record(1, a_chunk(attempt=2)))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    desk.command(CancelJob(job=JOB, tenant=TENANT, attempt=1))
    desk.script.hold = False
    desk.script.go.set()
    await desk.settle()
    assert desk.script.aborted == []
    assert desk.script.runs == [0]
    assert [result.attempt for result in desk.publisher.of(ChunkExtracted)] == [2]


async def test_a_command_does_not_touch_other_jobs(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    desk.script.hold = True
    other = a_chunk(job=JobId("6ed7a1f0-0000-4000-8000-000000000002"))
    dispatcher.accept(a_record(0, other))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    desk.command(DeleteJob(job=JOB, tenant=TENANT))
    await desk.settle()
    assert desk.script.aborted == []


async def test_a_chunk_of_a_cancelled_attempt_is_skipped_when_it_arrives(desk: Desk) -> None:
    dispatcher = desk.open()
    desk.command(CancelJob(job=JOB, tenant=TENANT, attempt=1))
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.dispatch()
    await desk.settle()
    assert desk.script.runs == []
    assert desk.publisher.messages == []
    assert dispatcher.watermark.commit_points() == {P: 1}


async def test_a_small_job_is_served_among_the_chunks_of_big_ones_and_of_other_tenants(desk: Desk) -> None:
    """Two tenants, three jobs, two partitions; the big ones came first."""
    dispatcher = desk.open(calls=2)
    desk.script.hold = True
    big, other, small = (JobId(f"6ed7a1f0-0000-4000-8000-00000000000{n}") for n in (1, 2, 3))
    second = TenantId("tenant-2")
    for index in range(60):
        dispatcher.accept(a_record(index, a_chunk(100 + index, job=big), partition=0))
        dispatcher.accept(a_record(index, a_chunk(200 + index, job=other), partition=1))
    for index in range(4):
        dispatcher.accept(a_record(60 + index, a_chunk(300 + index, job=small, tenant=second), partition=index % 2))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 2)
    desk.script.hold = False
    desk.script.go.set()
    await desk.settle()
    place = {index: position for position, index in enumerate(desk.script.runs)}
    assert len(place) == 124
    assert max(place[300 + index] for index in range(4)) < 10, "every second turn is the small tenant's"
    turns = [index // 100 for index in desk.script.runs[10:50]]
    assert abs(turns.count(1) - turns.count(2)) <= 2


async def test_a_poison_message_is_dead_lettered_and_the_next_goes_on(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.accept(ARecord(0, b"{broken", (("job", b"j"),)))
    dispatcher.accept(ARecord(1, None))
    dispatcher.accept(a_record(2, a_chunk()))
    dispatcher.dispatch()
    await desk.settle()
    letters = [message for message in desk.publisher.messages if message.topic == DEAD_LETTERS.name]
    assert [dict(letter.headers)["dl-reason"] for letter in letters] == [b"poison_message"] * 2
    assert dispatcher.watermark.commit_points() == {P: 3}


async def test_a_poison_message_of_a_known_chunk_is_replaced_by_its_failure_first(desk: Desk) -> None:
    dispatcher = desk.open()
    await desk.store.create(ids.manifest_key(TENANT, JOB), a_manifest([a_chunk(3)]).to_bytes())
    dispatcher.accept(dataclasses.replace(a_record(0, a_chunk(3)), value=b"{broken"))
    await desk.settle()
    assert [message.topic for message in desk.publisher.messages] == ["chunk-results", "dead-letters"]
    failure = parse(desk.publisher.messages[0].value).data
    assert isinstance(failure, ChunkExtracted)
    assert failure.code == "poison_message"
    assert dispatcher.watermark.commit_points() == {P: 1}


async def test_when_nearly_everything_is_poison_the_process_stops_and_keeps_its_place(desk: Desk) -> None:
    dispatcher = desk.open(limit=DeadLetterLimit(grace=2))
    for offset in range(4):
        dispatcher.accept(ARecord(offset, b"{broken"))
    with pytest.raises(DeadLetterLimitError):
        await asyncio.wait_for(dispatcher.failure, 1)
    assert dispatcher.watermark.commit_points() == {P: 2}


async def test_a_full_partition_is_not_fetched_from(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    desk.script.hold = True
    dispatcher.accept(a_record(0, a_chunk()))
    assert not dispatcher.is_full(P)
    for offset in range(1, 400):
        dispatcher.accept(a_record(offset, a_chunk(offset)))
    assert dispatcher.is_full(P)
    assert not dispatcher.is_full(Q)


async def test_draining_ends_what_runs_and_starts_nothing(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    desk.script.hold = True
    for offset in range(2):
        dispatcher.accept(a_record(offset, a_chunk(offset)))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    asyncio.get_running_loop().call_later(0.02, desk.script.go.set)
    await dispatcher.drain(5)
    assert desk.script.runs == [0]
    assert dispatcher.watermark.commit_points() == {P: 1}


async def test_what_does_not_end_in_time_is_given_up_and_not_finished(desk: Desk) -> None:
    dispatcher = desk.open()
    desk.script.hold = True
    dispatcher.accept(a_record(0, a_chunk()))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    await dispatcher.drain(0.01)
    assert desk.script.aborted == [0]
    assert dispatcher.watermark.commit_points() == {P: 0}
