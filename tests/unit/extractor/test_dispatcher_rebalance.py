"""Rebalances: what goes on, what is handed over, and what waits for another member."""

import asyncio

import pytest

from extractor.dispatcher import Dispatcher
from feuilleton.contracts import ids
from feuilleton.contracts.events import CancelJob, ChunkExtracted
from tests.unit.extractor.chunk_builders import (
    JOB,
    TENANT,
    a_checkpoint,
    a_chunk,
    a_record,
    until,
)
from tests.unit.extractor.desk import Desk, P, Q

pytestmark = pytest.mark.usefixtures("no_waits")


async def test_calls_live_on_over_a_rebalance_and_a_redelivery_joins_them(desk: Desk) -> None:
    dispatcher = desk.open()
    desk.script.hold = True
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    dispatcher.watermark.revoke()
    dispatcher.assign([P])
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.dispatch()
    await asyncio.sleep(0.05)  # time enough for a second flight, if there were one
    desk.script.hold = False
    desk.script.go.set()
    await desk.settle()
    assert desk.script.runs == [0]
    assert desk.script.aborted == []
    assert len(desk.publisher.of(ChunkExtracted)) == 1
    assert dispatcher.watermark.commit_points() == {P: 1}


async def test_work_of_a_partition_that_did_not_come_back_is_given_up(desk: Desk) -> None:
    dispatcher = desk.open(calls=2)
    desk.script.hold = True
    for offset in range(2):
        dispatcher.accept(a_record(offset, a_chunk(offset), partition=0))
        dispatcher.accept(a_record(offset, a_chunk(offset + 5), partition=1))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 2)
    dispatcher.watermark.revoke()
    dispatcher.assign([P])
    await until(lambda: sorted(desk.script.runs) == [0, 1, 5])
    assert desk.script.aborted == [5]
    dispatcher.watermark.revoke()
    dispatcher.assign([P, Q])
    for offset in range(2):
        dispatcher.accept(a_record(offset, a_chunk(offset), partition=0))
    dispatcher.accept(a_record(0, a_chunk(5), partition=1))
    desk.script.hold = False
    desk.script.go.set()
    dispatcher.dispatch()
    await desk.settle()
    assert sorted(desk.script.runs) == [0, 1, 5, 5]
    assert sorted(result.index for result in desk.publisher.of(ChunkExtracted)) == [0, 1, 5]
    assert dispatcher.watermark.commit_points() == {P: 2, Q: 1}


async def a_chunk_at_work(
    desk: Desk, *, offset: int = 5, partition: int = 1, handover_seconds: float = 180.0
) -> Dispatcher:
    """A dispatcher whose script holds the chunk of that offset."""
    dispatcher = desk.open(handover_seconds=handover_seconds)
    desk.script.hold = True
    dispatcher.accept(a_record(offset, a_chunk(offset), partition=partition))
    dispatcher.dispatch()
    await until(lambda: len(desk.script.runs) == 1)
    return dispatcher


async def test_work_that_was_handed_over_is_done_to_its_end_and_its_result_published(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    assert dispatcher.revoke() == {Q: {5: 180.0}}
    dispatcher.watermark.revoke()
    dispatcher.assign([P], handed_over=True)
    await asyncio.sleep(0.05)
    assert desk.script.aborted == []
    desk.script.go.set()
    await desk.settle()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert dispatcher.watermark.commit_points() == {}


async def test_work_that_was_handed_over_ends_when_its_time_is_up(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk, handover_seconds=0.05)
    dispatcher.revoke()
    dispatcher.assign([P], handed_over=True)
    await until(lambda: desk.script.aborted == [5])


async def test_a_cancel_reaches_work_that_was_handed_over(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    dispatcher.revoke()
    dispatcher.assign([P], handed_over=True)
    desk.command(CancelJob(job=JOB, tenant=TENANT, attempt=1))
    await until(lambda: desk.script.aborted == [5])


async def test_nothing_is_started_between_two_assignments_nor_before_the_handover_is_known(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.revoke()
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.dispatch()
    dispatcher.watermark.revoke()
    dispatcher.assign([P], more_to_come=True)
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    await asyncio.sleep(0.05)
    assert desk.script.runs == []
    dispatcher.take_over({P: {1: 60.0}})
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert desk.script.runs == [0]


@pytest.mark.heavy
async def test_a_chunk_that_another_member_works_on_waits_for_its_checkpoint_and_takes_no_place(desk: Desk) -> None:
    dispatcher = desk.open(calls=1)
    dispatcher.take_over({P: {0: 60.0}})
    chunk = a_chunk(0)
    dispatcher.accept(a_record(0, chunk))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert desk.script.runs == [1]
    assert dispatcher.watermark.commit_points() == {P: 0}
    await desk.store.create(ids.checkpoint_key(TENANT, JOB, 0), a_checkpoint(chunk).to_bytes())
    await until(lambda: dispatcher.watermark.commit_points() == {P: 2})
    assert desk.script.runs == [1]
    assert desk.window.held_bytes == 0


async def test_a_chunk_whose_other_member_fell_silent_is_worked_on_when_the_time_is_up(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.take_over({P: {0: 0.1}})
    dispatcher.accept(a_record(0, a_chunk(0)))
    await until(lambda: dispatcher.watermark.commit_points() == {P: 1})
    assert desk.script.runs == [0]


async def test_what_is_waited_for_is_handed_on_with_the_time_that_is_left(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.take_over({P: {0: 60.0}})
    dispatcher.accept(a_record(0, a_chunk(0)))
    await asyncio.sleep(0.05)
    (seconds,) = dispatcher.revoke()[P].values()
    assert 55 < seconds < 60


async def test_who_stops_hands_on_what_it_waits_for(desk: Desk) -> None:
    dispatcher = desk.open()
    dispatcher.take_over({P: {0: 60.0}})
    dispatcher.accept(a_record(0, a_chunk(0)))
    dispatcher.accept(a_record(1, a_chunk(1)))
    dispatcher.dispatch()
    elsewhere = await dispatcher.drain(5)
    assert 55 < elsewhere[P][0] < 60
    assert list(elsewhere[P]) == [0]
    assert dispatcher.watermark.commit_points() == {P: 0}


async def test_a_partition_that_comes_back_soon_finds_its_own_work_and_joins_it(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    handover = dispatcher.revoke()
    dispatcher.watermark.revoke()
    dispatcher.assign([P], handed_over=True)
    dispatcher.take_over({})
    assert dispatcher.revoke() == {}
    dispatcher.assign([P, Q], handed_over=True, more_to_come=True)
    dispatcher.take_over(handover)
    dispatcher.accept(a_record(5, a_chunk(5), partition=1))
    desk.script.go.set()
    await until(lambda: dispatcher.watermark.commit_points() == {Q: 6})
    assert desk.script.runs == [5]
    assert desk.script.aborted == []


async def test_a_full_partition_is_read_once_after_a_rebalance_so_that_there_is_an_offset_to_commit(desk: Desk) -> None:
    dispatcher = desk.open(calls=0)
    dispatcher.accept(a_record(7, a_chunk()))
    desk.window.hold(P, 10**6)
    assert dispatcher.is_full(P)
    dispatcher.watermark.revoke()
    dispatcher.assign([P, Q])
    assert not dispatcher.is_full(P)
    dispatcher.accept(a_record(7, a_chunk()))
    assert dispatcher.watermark.commit_points() == {P: 7}
    assert dispatcher.is_full(P)


@pytest.mark.heavy
async def test_who_was_out_of_its_group_waits_for_what_another_member_works_on_by_now(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    dispatcher.watermark.revoke()
    dispatcher.assign([P, Q], more_to_come=True)
    dispatcher.take_over({Q: {5: 60.0}}, told=False)
    await until(lambda: desk.script.aborted == [5])
    await asyncio.sleep(0.05)
    assert desk.script.runs == [5]
    await desk.store.create(ids.checkpoint_key(TENANT, JOB, 5), a_checkpoint(a_chunk(5)).to_bytes())
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert desk.script.runs == [5]
    assert desk.window.held_bytes == 0


async def test_who_was_out_of_its_group_finds_what_another_member_has_settled(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    dispatcher.watermark.revoke()
    dispatcher.assign([P, Q], more_to_come=True)
    await desk.store.create(ids.checkpoint_key(TENANT, JOB, 5), a_checkpoint(a_chunk(5)).to_bytes())
    await dispatcher.find_settled()
    dispatcher.take_over({}, told=False)
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert (desk.script.runs, desk.script.aborted) == ([5], [5])


async def test_who_was_out_of_its_group_goes_on_with_what_nobody_else_took_up(desk: Desk) -> None:
    dispatcher = await a_chunk_at_work(desk)
    dispatcher.watermark.revoke()
    dispatcher.assign([P, Q], more_to_come=True)
    await dispatcher.find_settled()
    dispatcher.take_over({}, told=False)
    desk.script.go.set()
    await until(lambda: len(desk.publisher.of(ChunkExtracted)) == 1)
    assert (desk.script.runs, desk.script.aborted) == ([5], [])
