"""The gate before a model's calls, and what a chunk pays for waiting there: no try, and none of its time."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest
from prometheus_client import REGISTRY

from extractor.call_limits import AdaptiveLimit, FixedLimit
from extractor.engines.port import BadAnswerError, OverloadedError, RewriteAnswer, RewriteRequest
from extractor.gate import GatedEngine, NoPlaceError, quota_jitter_seconds
from extractor.patience import Patience, RetryPolicy
from extractor.tries import GivenUp, try_until_settled
from feuilleton.contracts.documents import Checkpoint, Usage
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from tests.unit.extractor.chunk_builders import IdleEngine, ManualTime, OneCall, OpenGuard, a_chunk, until
from tests.unit.extractor.scripted_engine import a_rewrite_request


@dataclass
class Model(IdleEngine):
    """Raises what is in `errors`, call by call; then answers. While `hold` is set, answers wait."""

    errors: list[PipelineError] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    hold: bool = False
    calls: int = 0

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:  # noqa: ARG002 - the port's
        self.calls += 1
        if self.hold:
            await self.go.wait()
        if self.errors:
            raise self.errors.pop(0)
        return RewriteAnswer(cards=(), usage=Usage(prompt_tokens=7, output_tokens=2, calls=1))


def gated(model: Model, *, calls: int = 4, time: ManualTime | None = None) -> GatedEngine:
    time = time or ManualTime()
    return GatedEngine(
        model,
        FixedLimit(calls),
        OpenGuard(),
        monotonic=time.monotonic,
        sleep=time.sleep,
        jitter=Random(5),
    )


async def extract(engine: GatedEngine, time: ManualTime, patience: Patience | None = None) -> Checkpoint | GivenUp:
    return await try_until_settled(
        OneCall(a_chunk(), engine), patience or Patience(RetryPolicy()), engine, time.clock()
    )


def tokens(kind: str) -> float:
    return REGISTRY.get_sample_value("feuilleton_engine_tokens_total", {"engine": "local", "kind": kind}) or 0.0


async def test_waits_for_quota_are_as_long_as_told_and_cost_no_try_and_no_time() -> None:
    time, patience = ManualTime(), Patience(RetryPolicy())
    model = Model([QuotaExceededError(retry_after_seconds=600.0) for _ in range(10)])
    assert isinstance(await extract(gated(model, time=time), time, patience), Checkpoint)
    assert len(time.slept) == 10
    assert all(600.0 <= wait <= 602.0 for wait in time.slept)
    assert patience.tries == 0
    assert patience.remaining_seconds(time.now()) == 1800.0


async def test_an_overloaded_server_costs_a_try_and_its_wait_is_obeyed() -> None:
    time, patience = ManualTime(), Patience(RetryPolicy())
    model = Model([OverloadedError(retry_after_seconds=30.0)])
    assert isinstance(await extract(gated(model, time=time), time, patience), Checkpoint)
    assert patience.tries == 1
    backoff, pause = time.slept
    assert 30.0 <= backoff + pause <= 32.5


async def test_a_fault_after_waits_for_quota_is_the_first_that_counts() -> None:
    time, patience = ManualTime(), Patience(RetryPolicy())
    model = Model([QuotaExceededError(retry_after_seconds=60.0), TransientError(code="model_unavailable")])
    await extract(gated(model, time=time), time, patience)
    assert patience.tries == 1
    assert time.slept[1] <= 1.0


async def test_one_refusal_stops_the_calls_of_all_chunks_until_the_time_that_was_told() -> None:
    time = ManualTime()
    model = Model([QuotaExceededError(retry_after_seconds=42.0)])
    engine = gated(model, time=time)
    began = time.now()
    with pytest.raises(QuotaExceededError):
        await engine.rewrite(a_rewrite_request())
    with pytest.raises(NoPlaceError):
        await engine.rewrite(a_rewrite_request())
    assert model.calls == 1
    await engine.open()
    assert 42.0 <= (time.now() - began).total_seconds() <= 44.0
    await engine.rewrite(a_rewrite_request())
    assert model.calls == 2


async def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    time = ManualTime()
    model = Model(
        [QuotaExceededError(retry_after_seconds=60.0), QuotaExceededError(retry_after_seconds=1.0)], hold=True
    )
    engine = gated(model, time=time)
    calls = [asyncio.create_task(engine.rewrite(a_rewrite_request())) for _ in range(2)]
    await until(lambda: model.calls == 2)
    model.go.set()
    refusals = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(refusal) for refusal in refusals] == [QuotaExceededError] * 2
    began = time.now()
    await engine.open()
    assert (time.now() - began).total_seconds() >= 60.0


@pytest.mark.parametrize("told", [float("inf"), 1e18, float("nan"), -5.0])
async def test_a_senseless_wait_stops_no_engine_for_more_than_a_day(told: float) -> None:
    time = ManualTime()
    engine = gated(Model([QuotaExceededError(retry_after_seconds=told)]), time=time)
    assert isinstance(await extract(engine, time), Checkpoint)
    assert sum(time.slept) <= 24 * 3600 + 2


async def test_callers_come_back_spread_over_a_time_and_never_early() -> None:
    random = Random(3)
    waits = [quota_jitter_seconds(60.0, random) for _ in range(200)]
    assert min(waits) >= 0
    assert 1.5 < max(waits) <= 2.0
    assert all(quota_jitter_seconds(0.0, random) <= 0.1 for _ in range(200))


async def test_calls_wait_for_a_place_in_the_order_in_which_they_came() -> None:
    model = Model(hold=True)
    engine = gated(model, calls=1)
    order: list[int] = []

    async def call(number: int) -> None:
        await engine.open()
        await engine.rewrite(a_rewrite_request())
        order.append(number)

    calls = [asyncio.create_task(call(number)) for number in range(5)]
    await until(lambda: model.calls == 1)
    await asyncio.sleep(0.02)
    assert model.calls == 1
    model.go.set()
    await asyncio.gather(*calls)
    assert order == [0, 1, 2, 3, 4]


async def test_a_cancelled_waiter_takes_no_place_away() -> None:
    model = Model(hold=True)
    engine = gated(model, calls=1)
    first = asyncio.create_task(engine.rewrite(a_rewrite_request()))
    await until(lambda: model.calls == 1)
    waiters = [asyncio.create_task(engine.open()) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    model.go.set()
    await first
    waiters[1].cancel()
    await asyncio.wait_for(waiters[2], 1)


async def test_a_wait_for_a_place_is_not_of_the_chunks_time() -> None:
    time, patience = ManualTime(), Patience(RetryPolicy(deadline_seconds=10.0))
    patience.begin(time.now())
    model = Model(hold=True)
    engine = gated(model, calls=1, time=time)
    first = asyncio.create_task(engine.rewrite(a_rewrite_request()))
    await until(lambda: model.calls == 1)
    second = asyncio.create_task(extract(engine, time, patience))
    await asyncio.sleep(0.01)
    await time.sleep(3600)
    model.go.set()
    await first
    assert isinstance(await second, Checkpoint)
    assert patience.excluded_seconds == 3600


async def test_what_was_answered_badly_is_counted_as_paid() -> None:
    before = tokens("prompt"), tokens("output")
    engine = gated(Model([BadAnswerError("no", usage=Usage(prompt_tokens=100, output_tokens=30, calls=1))]))
    with pytest.raises(BadAnswerError):
        await engine.rewrite(a_rewrite_request())
    assert (tokens("prompt") - before[0], tokens("output") - before[1]) == (100, 30)


async def test_the_limit_is_halved_by_refusals_grows_by_answers_and_can_be_watched() -> None:
    time, model = ManualTime(), Model()
    engine = GatedEngine(model, AdaptiveLimit(64, first=32), OpenGuard(), monotonic=time.monotonic, sleep=time.sleep)
    model.errors = [QuotaExceededError(retry_after_seconds=1.0), OverloadedError()]
    for _ in range(2):
        await engine.open()
        with pytest.raises(TransientError):
            await engine.rewrite(a_rewrite_request())
    assert REGISTRY.get_sample_value("feuilleton_engine_call_limit", {"engine": "local"}) == 8
