"""A rebalance while calls are in the air, step by step: the one path that chance takes too rarely."""

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


async def work(world: World, topic: str) -> None:
    """Until every write has happened and nothing of the topic waits."""
    await world.quiet()
    while (turns := world.turns.waiting()) or topic in world.deliverable():
        if turns:
            world.give(turns[0])
        else:
            world.deliver(topic)
        await world.quiet()
