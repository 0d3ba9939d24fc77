"""Several attempts of one job in the merger: what comes late is right or harmless, and an end that was lost is said
again.
"""

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import (
    CancelJob,
    ExpireJob,
    JobDeleted,
    JobEnded,
    JobMerging,
    Outcome,
    PurgeJob,
    parse,
)
from feuilleton.contracts.job_state import JobState, fold_event
from tests.seeded_books import TENANT, a_book, a_failure, settle
from tests.unit.merger.test_merger_handler import TRACE, World, extracted


@pytest.fixture(params=[0, 1, 1000], ids=lambda size: f"cache-{size}")
def world(request: pytest.FixtureRequest) -> World:
    return World(cached_chunks=request.param)


def folded(world: World) -> JobState:
    """What everybody makes of the events published so far."""
    state = JobState()
    for event in (*world.publisher.of(JobMerging), *world.publisher.of(JobEnded)):
        state = fold_event(state, event)
    return state


async def test_a_late_success_of_a_cancelled_attempt_counts_for_the_next_one(world: World) -> None:
    book = a_book(2)
    await book.store_in(world.store)
    await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    late = await settle(world.store, book.chunks[1])  # its call was answered just before the cancel
    again = [chunk.model_copy(update={"attempt": 2}) for chunk in book.chunks]
    await world.record(await settle(world.store, again[0]), late)
    # The store has all chunks: the second attempt need not wait until its own message of the other one is read.
    ends = folded(world)
    assert [ends.attempts[number].status for number in (1, 2)] == ["cancelled", "completed"]


async def test_late_results_of_an_older_attempt_leave_both_ends_as_they_are(world: World) -> None:
    book = a_book(3)
    older = await extracted(world, book, failing=frozenset({1, 2}))
    await world.record(*older)
    partial = folded(world).end_of(1)
    again = [chunk.model_copy(update={"attempt": 2}) for chunk in book.chunks]
    newer = [await settle(world.store, again[0]), await settle(world.store, again[1])]
    await world.record(newer[0], older[1], newer[1], older[2])
    assert folded(world).end_of(2) is None
    await world.record(await settle(world.store, again[2]), *older)
    assert folded(world).end_of(1) == partial
    done = folded(world).end_of(2)
    assert done is not None
    assert done.outcome is Outcome.COMPLETED


async def test_a_failure_of_an_older_attempt_is_none_of_the_next(world: World) -> None:
    book = a_book(2)
    await world.record(*await extracted(world, book, failing=frozenset({0})))
    again = [chunk.model_copy(update={"attempt": 2}) for chunk in book.chunks]
    await world.record(await settle(world.store, again[1]))
    await world.record(await settle(world.store, book.chunks[0], a_failure(book.chunks[0])))
    assert folded(world).end_of(2) is None


async def test_an_end_that_the_log_lost_is_said_again_when_all_chunks_come_again(world: World) -> None:
    results = await extracted(world, a_book(3))
    await world.record(*results)
    end = world.end
    world.publisher.messages.clear()
    await world.record(results[0], results[0], *results)
    assert world.publisher.of(JobEnded)[0] == end


@pytest.mark.parametrize("command", [CancelJob, ExpireJob])
async def test_an_end_that_the_log_lost_is_said_again_at_a_command(
    world: World, command: type[CancelJob | ExpireJob]
) -> None:
    book = a_book(2)
    await world.record(*await extracted(world, book))
    end = world.end
    world.publisher.messages.clear()
    if command is CancelJob:
        await world.merger.cancel_attempt(CancelJob(job=book.job, tenant=TENANT), TRACE)
    else:
        await world.merger.expire_attempt(ExpireJob(job=book.job, tenant=TENANT), TRACE)
    kept = world.merger.cache.get(book.job, 1)
    assert len(world.publisher.of(JobEnded)) == 1
    assert kept is None or world.end == end, "as long as it is remembered"


async def test_a_purge_removes_an_ended_job_and_leaves_its_end_as_it_was(world: World) -> None:
    book = a_book(2)
    await book.store_in(world.store)
    await world.record(*await extracted(world, book))
    assert world.end.outcome is Outcome.COMPLETED
    told = len(world.publisher.messages)
    for _ in range(2):
        await world.merger.purge_job(PurgeJob(job=book.job, tenant=TENANT), TRACE)
    gone = [parse(message.value).data for message in world.publisher.messages[told:]]
    assert [type(event) for event in gone] == [JobDeleted, JobDeleted]
    assert gone[0].event_id == gone[1].event_id
    assert [info async for info in world.store.list(ids.job_prefix(TENANT, book.job))] == []
    assert not world.merger.commands.deleted(book.job)
