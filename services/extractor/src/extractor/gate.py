"""What every call to a model passes: a place among the calls in flight, and proof that this process still counts.

A process that was frozen must not spend: its partitions may have moved, its jobs may be cancelled.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

import structlog

from extractor.call_limits import CallLimit
from extractor.engines.port import (
    BadAnswerError,
    ModelRefusalError,
    OverloadedError,
    PageAnswer,
    PageRequest,
    RewriteAnswer,
    RewriteEngine,
    RewriteRequest,
)
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from feuilleton.observability import metrics

_ASK_AGAIN_SECONDS = 0.1
# Quotas are counted by the minute or by the day. What says more is an error, and must not stop an engine for good.
_LONGEST_PAUSE_SECONDS = 24 * 3600.0
_Request = TypeVar("_Request", RewriteRequest, PageRequest)
_Answer = TypeVar("_Answer", RewriteAnswer, PageAnswer)
log = structlog.get_logger(__name__)


class StaleMembershipError(TransientError):
    """The group coordinator or the control topic has not answered lately. Wait for `Guard.fresh`; it costs no try."""

    code = "membership_stale"


class NoPlaceError(TransientError):
    """No call may start now: as many are in flight as may be, or the engine asked for a pause. Wait for
    `GatedEngine.open`; it costs no try.
    """

    code = "no_place"


class Guard(Protocol):
    def check(self) -> None:
        """Raise StaleMembershipError unless a call may start now."""
        ...

    async def fresh(self) -> None:
        """Return when `check` passes."""
        ...


class Freshness:
    """How long ago something was last proved; infinitely long before the first time."""

    def __init__(self) -> None:
        self._proved_at = -float("inf")
        self._holds_until = -float("inf")

    def lend(self, seconds: float) -> None:
        """Hold as proved for so long, whatever happens. Time in which this process is frozen counts."""
        self._holds_until = time.monotonic() + seconds

    def prove(self, asked_at: float | None = None) -> None:
        """Note a proof. `asked_at` (monotonic seconds) is when its question went out: the answer may have waited
        through a time in which this process was frozen.
        """
        self._proved_at = max(self._proved_at, time.monotonic() if asked_at is None else asked_at)

    def age_seconds(self) -> float:
        now = time.monotonic()
        return 0.0 if now < self._holds_until else now - self._proved_at


class AnswerGuard:
    """Guard over the ages, in seconds, of the last answers that matter; each must be below the limit."""

    def __init__(self, ages: Sequence[Callable[[], float]], limit_seconds: float) -> None:
        self._ages = ages
        self._limit_seconds = limit_seconds

    def check(self) -> None:
        oldest = max(age() for age in self._ages)
        if oldest > self._limit_seconds:
            raise StaleMembershipError(f"no answer for {oldest:.1f} s")

    async def fresh(self) -> None:
        while True:
            try:
                self.check()
            except StaleMembershipError:
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
            else:
                return


class GatedEngine:
    """RewriteEngine whose calls pass the gate: as many at a time as the limit says, and none while the engine asked
    for none. Await `open` before a call, and again after NoPlaceError and StaleMembershipError, which are raised
    besides what the engine raises. A call that cannot start is never waited for inside: so what waits is in nobody's
    deadline. `jitter` is random.
    """

    def __init__(
        self,
        engine: RewriteEngine,
        limit: CallLimit,
        guard: Guard,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Random | None = None,
    ) -> None:
        self.name = engine.name
        self.prompt_version = engine.prompt_version
        self._engine = engine
        self._limit = limit
        self._guard = guard
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter or Random()
        self._in_flight = 0
        self._begun = 0
        self._paused_until = -float("inf")
        self._told_seconds = 0.0
        self._line: deque[asyncio.Future[None]] = deque()

    async def open(self) -> None:
        """Return when a call may start at once. Who waits for a place is served in the order of coming; what a
        caller does between this and its call may cost it the place.
        """
        try:
            await self._wait_for_a_place()
        finally:
            # The next one in the line, as soon as this one has taken its place or has shown that it needs none.
            asyncio.get_running_loop().call_soon(self._admit_next)

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        return await self._call(self._engine.rewrite, request)

    async def read_page(self, request: PageRequest) -> PageAnswer:
        return await self._call(self._engine.read_page, request)

    def other_model(self, model: str) -> str | None:
        return self._engine.other_model(model)

    async def close(self) -> None:
        await self._engine.close()

    async def _wait_for_a_place(self) -> None:
        has_waited = False
        while True:
            await self._guard.fresh()
            paused = self._paused_until - self._monotonic()
            if paused > 0:
                # Not all at the same moment, or the first thing that the engine sees is what it refused before.
                await self._sleep(paused + quota_jitter_seconds(self._told_seconds, self._jitter))
            elif self._in_flight < self._limit.calls:
                return
            else:
                await self._stand_in_line(first=has_waited)
                has_waited = True

    async def _stand_in_line(self, *, first: bool) -> None:
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._line.appendleft(admitted)
        else:
            self._line.append(admitted)
        await admitted

    def _admit_next(self) -> None:
        if self._in_flight >= self._limit.calls:
            return
        while self._line:
            admitted = self._line.popleft()
            if not admitted.done():  # a waiter that was cancelled
                admitted.set_result(None)
                return

    async def _call(self, ask: Callable[[_Request], Awaitable[_Answer]], request: _Request) -> _Answer:
        self._guard.check()
        if self._in_flight >= self._limit.calls or self._monotonic() < self._paused_until:
            raise NoPlaceError
        self._in_flight += 1
        self._begun += 1
        try:
            return await self._counted(ask(request), self._begun)
        finally:
            self._in_flight -= 1
            self._admit_next()

    async def _counted(self, asked: Awaitable[_Answer], call: int) -> _Answer:
        try:
            with metrics.ENGINE_CALL_SECONDS.labels(self.name).time():
                answer = await asked
        except PipelineError as exc:
            metrics.ENGINE_CALLS.labels(self.name, exc.code).inc()
            self._learn(exc, call)
            raise
        metrics.ENGINE_CALLS.labels(self.name, "ok").inc()
        self._answered(answer.usage)
        return answer

    def _learn(self, exc: PipelineError, call: int) -> None:
        if isinstance(exc, ModelRefusalError | BadAnswerError):
            self._answered(exc.usage)  # of no use to us, but the engine had room for it
        elif isinstance(exc, QuotaExceededError | OverloadedError):
            self._limit.refused(call, self._begun)
            self._pause(exc.retry_after_seconds)
        metrics.ENGINE_CALL_LIMIT.labels(self.name).set(self._limit.calls)

    def _answered(self, usage: Usage) -> None:
        for kind, tokens in _paid(usage).items():
            metrics.ENGINE_TOKENS.labels(self.name, kind).inc(tokens)
        self._limit.answered(self._in_flight)
        metrics.ENGINE_CALL_LIMIT.labels(self.name).set(self._limit.calls)

    def _pause(self, told_seconds: float) -> None:
        """For the whole engine, and never less than it said."""
        now = self._monotonic()
        until = now + min(max(told_seconds, 0.0), _LONGEST_PAUSE_SECONDS)
        if until <= self._paused_until:
            return
        if self._paused_until <= now:
            log.info("engine_paused", engine=self.name, seconds=round(until - now, 1), calls=self._limit.calls)
        metrics.ENGINE_PAUSE_SECONDS.labels(self.name).inc(until - max(self._paused_until, now))
        self._paused_until = until
        self._told_seconds = until - now


def quota_jitter_seconds(told_seconds: float, random: Random) -> float:
    """What to wait above what the engine said: up to a tenth of it, and at most 2 s."""
    return random.random() * min(0.1 * told_seconds + 0.1, 2.0)


def _paid(usage: Usage) -> dict[str, int]:
    return {"prompt": usage.prompt_tokens, "output": usage.output_tokens, "thinking": usage.thinking_tokens}
