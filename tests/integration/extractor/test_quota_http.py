"""Many chunks against a model with a quota, over HTTP: few calls are refused, and no chunk pays for those."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from extractor.call_limits import AdaptiveLimit
from extractor.engines.gemini.engine import GeminiEngine, GeminiOptions
from extractor.gate import GatedEngine
from extractor.patience import Patience, RetryPolicy
from extractor.tries import Clock, try_until_settled
from feuilleton.contracts.documents import Checkpoint
from tests.fakes.gemini import Plan
from tests.fakes.gemini.rationed import Ration, RationedGemini
from tests.seeded_books import a_book
from tests.unit.extractor.chunk_builders import OneCall, OpenGuard

MOST = 64


class Line:
    """A model with a quota, and the gate before it."""

    def __init__(self, server: RationedGemini) -> None:
        self.server = server
        self.limit = AdaptiveLimit(MOST)
        self.engine = GeminiEngine("key", GeminiOptions(base_url=server.url))
        self.gate = GatedEngine(self.engine, self.limit, OpenGuard())

    async def extract(self, chunks: int) -> list[Patience]:
        """So many chunks at once; what each of them spent."""
        policy = RetryPolicy(deadline_seconds=30.0)
        spent = [Patience(policy) for _ in range(chunks)]
        settled = await asyncio.gather(
            *(
                try_until_settled(OneCall(chunk, self.gate), patience, self.gate, Clock())
                for chunk, patience in zip(a_book(chunks).chunks, spent, strict=True)
            )
        )
        assert all(isinstance(one, Checkpoint) for one in settled), settled
        return spent


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with RationedGemini(Ration(), Plan(latency_seconds=0.2, retry_after_seconds=0.3)) as server:
        line = Line(server)
        yield line
        await line.engine.close()


async def test_it_finds_the_room_that_there_is_and_few_calls_are_refused(line: Line) -> None:
    line.server.ration = Ration(in_flight=8)
    spent = await line.extract(160)
    stats = line.server.stats
    assert stats.paid == 160
    assert stats.calls - stats.paid <= 30
    assert {patience.tries for patience in spent} == {0}


async def test_a_storm_of_refusals_costs_few_calls_no_try_and_no_time_and_then_it_is_fast_again(line: Line) -> None:
    await line.extract(250)
    assert line.limit.calls == MOST
    line.server.ration = Ration(in_flight=0)
    line.server.reset(Plan(latency_seconds=0.2, retry_after_seconds=0.3))
    work = asyncio.create_task(line.extract(200))
    began = time.monotonic()
    while line.limit.calls > 2 or time.monotonic() - began < 3:  # noqa: ASYNC110 - a limit tells nobody
        await asyncio.sleep(0.1)
    refused, seconds = line.server.stats.calls, time.monotonic() - began
    assert refused <= 2 * MOST + seconds / 0.3, "one moment's calls, halved again and again, then one a wait"
    line.server.ration = Ration()
    for patience in await work:
        assert patience.tries == 0
        assert patience.remaining_seconds(Clock().now()) > 15
    assert line.server.stats.paid == 200
    assert line.limit.calls > MOST // 2


async def test_the_wait_that_the_server_names_is_kept_by_all_chunks(line: Line) -> None:
    line.server.ration = Ration(calls=10, seconds=3.0)
    began = time.monotonic()
    await line.extract(25)
    assert time.monotonic() - began >= 6.0
    assert line.server.stats.calls - line.server.stats.paid <= 20
