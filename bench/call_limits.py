"""Refused calls and seconds for chunks against a model with a quota: a fixed number of calls, and the adaptive limit.

    make bench BENCH=call_limits

The model is the fake server over HTTP. `fixed` is what went before: as many calls as the setting says, and each
chunk that is refused waits by itself as long as it was told.
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extractor.call_limits import AdaptiveLimit
from extractor.engines.gemini.engine import GeminiEngine, GeminiOptions
from extractor.gate import GatedEngine, quota_jitter_seconds
from extractor.patience import Patience, RetryPolicy
from extractor.tries import Clock, GivenUp, try_until_settled
from feuilleton.contracts.errors import QuotaExceededError
from tests.fakes.gemini import Plan
from tests.fakes.gemini.rationed import Ration, RationedGemini
from tests.seeded_books import a_book
from tests.unit.extractor.chunk_builders import OneCall, OpenGuard

_CALLS = 64
_CHUNKS = 400
_LATENCY_SECONDS = 0.5


@dataclass(frozen=True)
class Case:
    name: str
    ration: Ration
    retry_after_seconds: float


_CASES = (
    Case("12 calls in flight", Ration(in_flight=12), 1.0),
    Case("60 calls in 2 s", Ration(calls=60, seconds=2.0), 1.0),
    Case("no quota", Ration(), 1.0),
)


async def _fixed(engine: GeminiEngine) -> None:
    places = asyncio.Semaphore(_CALLS)

    async def one(extraction: OneCall) -> None:
        async with places:
            while True:
                try:
                    await extraction.run()
                except QuotaExceededError as exc:
                    told = exc.retry_after_seconds
                    await asyncio.sleep(told + quota_jitter_seconds(told, random.Random()))
                else:
                    return

    await asyncio.gather(*(one(OneCall(chunk, engine)) for chunk in a_book(_CHUNKS).chunks))


async def _adaptive(engine: GeminiEngine) -> None:
    gate = GatedEngine(engine, AdaptiveLimit(_CALLS), OpenGuard())

    async def one(extraction: OneCall) -> None:
        settled = await try_until_settled(extraction, Patience(RetryPolicy()), gate, Clock())
        if isinstance(settled, GivenUp):
            sys.exit(f"a chunk failed: {settled.code}")

    await asyncio.gather(*(one(OneCall(chunk, gate)) for chunk in a_book(_CHUNKS).chunks))


async def _measure(case: Case, run: Callable[[GeminiEngine], Awaitable[None]]) -> tuple[float, int]:
    plan = Plan(latency_seconds=_LATENCY_SECONDS, retry_after_seconds=case.retry_after_seconds)
    async with RationedGemini(case.ration, plan) as server:
        engine = GeminiEngine("key", GeminiOptions(base_url=server.url))
        began = time.monotonic()
        await run(engine)
        seconds = time.monotonic() - began
        await engine.close()
        return seconds, server.stats.calls - server.stats.paid


async def main() -> None:
    print(f"{_CHUNKS} chunks, {_CALLS} calls at most, {_LATENCY_SECONDS} s a call")
    print(f"{'quota':20} {'limit':10} {'seconds':>8} {'refused':>8}")
    for case in _CASES:
        for name, run in (("fixed", _fixed), ("adaptive", _adaptive)):
            seconds, refused = await _measure(case, run)
            print(f"{case.name:20} {name:10} {seconds:8.1f} {refused:8}")


if __name__ == "__main__":
    asyncio.run(main())
