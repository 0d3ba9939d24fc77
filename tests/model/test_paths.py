"""A rebalance while calls are in the air, and a chunk put back at the tail, step by step: paths that chance takes too
rarely.
"""

from collections.abc import Iterator

import pytest
import stamina

from feuilleton.contracts.events import ChunkExtracted, JobEnded, Outcome
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, UPLOADS
from tests.model.world import CHUNKS_OF_BOOK, World


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Who waits looks again at every step."""
    monkeypatch.setattr("extractor.dispatcher._LOOK_AGAIN_SECONDS", 0.0)
    with stamina.set_testing(True, attempts=1000):
        yield


async def test_calls_that_live_on_over_a_rebalance_are_not_made_again() -> None:
    world = World(frozenset(), cached_chunks=1000)
    world.submit(world.order(1))
    await work(world, UPLOADS.name)
    while CHUNKS.name in world.deliverable():
        world.deliver(CHUNKS.name)
        await world.quiet()
    assert world.calls_in_flight == 2, "as many as the engine may"
    world.hand_over()
    while CHUNKS.name in world.deliverable():
        world.deliver(CHUNKS.name)
        await world.quiet()
    assert world.calls_in_flight == 1, "the chunk that nobody had begun"
    await work(world, CHUNK_RESULTS.name)
    assert sum(world.model.paid.values()) == CHUNKS_OF_BOOK
    results = world.log.events(CHUNK_RESULTS.name)
    assert {result.index for result in results if isinstance(result, ChunkExtracted)} == set(range(CHUNKS_OF_BOOK))
    ends = [event for event in world.job_events() if isinstance(event, JobEnded)]
    assert {end.outcome for end in ends} == {Outcome.COMPLETED}
    await world.close()


async def test_a_chunk_that_is_put_back_is_paid_once_and_its_copy_joins_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.dispatcher.is_due", lambda *, finished_behind, **_: finished_behind > 0)
    world = World(frozenset(), cached_chunks=1000, away={0: 1})
    world.submit(world.order(1))
    await work(world, UPLOADS.name)
    while CHUNKS.name in world.deliverable():
        world.deliver(CHUNKS.name)
        await world.quiet()
    await give_all(world, but="rest")
    assert world.chunks_at_rest == 1
    world.commit()
    assert world.committed[0] == 0, "the first chunk holds its partition up"
    world.relieve()
    await give_all(world, but="rest")
    world.commit()
    assert world.committed[0] == 2, "what is finished behind it can be committed"
    assert CHUNKS.name in world.deliverable(), "its copy stands at the tail"
    await work(world, CHUNKS.name)
    await work(world, CHUNK_RESULTS.name)
    assert sum(world.model.paid.values()) == CHUNKS_OF_BOOK
    ends = [event for event in world.job_events() if isinstance(event, JobEnded)]
    assert {end.outcome for end in ends} == {Outcome.COMPLETED}
    await world.close()


async def give_all(world: World, *, but: str) -> None:
    await world.quiet()
    while turns := [turn for turn in world.turns.waiting() if turn.what != but]:
        world.give(turns[0])
        await world.quiet()


async def work(world: World, topic: str) -> None:
    """Until every write has happened and nothing of the topic waits."""
    await world.quiet()
    while (turns := world.turns.waiting()) or topic in world.deliverable():
        if turns:
            world.give(turns[0])
        else:
            world.deliver(topic)
        await world.quiet()
