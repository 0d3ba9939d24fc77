"""What every call to a model passes: a place among the calls in flight, and proof that this process still counts.

A process that was frozen must not spend: its partitions may have moved, its jobs may be cancelled.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from extractor.engines.port import PageAnswer, PageRequest, RewriteAnswer, RewriteEngine, RewriteRequest
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from feuilleton.observability import metrics

_ASK_AGAIN_SECONDS = 0.1
_Answer = TypeVar("_Answer", RewriteAnswer, PageAnswer)


class StaleMembershipError(TransientError):
    """The group coordinator or the control topic has not answered lately. Wait for `Guard.fresh`; it costs no try."""

    code = "membership_stale"


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

    def prove(self, asked_at: float | None = None) -> None:
        """Note a proof. `asked_at` (monotonic seconds) is when its question went out: the answer may have waited
        through a time in which this process was frozen.
        """
        self._proved_at = max(self._proved_at, time.monotonic() if asked_at is None else asked_at)

    def age_seconds(self) -> float:
        return time.monotonic() - self._proved_at


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


class CallLimit(Protocol):
    """How many calls to one engine may be in flight. An adaptive limit learns from `answered` and `throttled`."""

    @property
    def calls(self) -> int: ...

    def answered(self) -> None:
        """A call was answered well."""
        ...

    def throttled(self, retry_after_seconds: float) -> None:
        """The engine asked for fewer calls, and for none before that time."""
        ...


class FixedLimit:
    """CallLimit that learns nothing."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def answered(self) -> None:
        return

    def throttled(self, retry_after_seconds: float) -> None:
        del retry_after_seconds


class GatedEngine:
    """RewriteEngine whose calls pass the gate. Raises StaleMembershipError besides what the engine raises."""

    def __init__(self, engine: RewriteEngine, limit: CallLimit, guard: Guard) -> None:
        self.name = engine.name
        self.prompt_version = engine.prompt_version
        self._engine = engine
        self._limit = limit
        self._guard = guard
        self._in_flight = 0
        self._landed = asyncio.Condition()

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        async with self._place():
            return await self._counted(self._engine.rewrite(request))

    async def read_page(self, request: PageRequest) -> PageAnswer:
        async with self._place():
            return await self._counted(self._engine.read_page(request))

    def other_model(self, model: str) -> str | None:
        return self._engine.other_model(model)

    async def close(self) -> None:
        await self._engine.close()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place among the calls in flight, and then the check: a wait is when a process may be frozen."""
        async with self._landed:
            await self._landed.wait_for(lambda: self._in_flight < self._limit.calls)
            self._in_flight += 1
        try:
            self._guard.check()
            yield
        finally:
            self._in_flight -= 1
            async with self._landed:
                self._landed.notify()

    async def _counted(self, call: Awaitable[_Answer]) -> _Answer:
        try:
            with metrics.ENGINE_CALL_SECONDS.labels(self.name).time():
                answer = await call
        except PipelineError as exc:
            metrics.ENGINE_CALLS.labels(self.name, exc.code).inc()
            if isinstance(exc, QuotaExceededError):
                self._limit.throttled(exc.retry_after_seconds)
            raise
        metrics.ENGINE_CALLS.labels(self.name, "ok").inc()
        for kind, tokens in _paid(answer.usage).items():
            metrics.ENGINE_TOKENS.labels(self.name, kind).inc(tokens)
        self._limit.answered()
        return answer


def _paid(usage: Usage) -> dict[str, int]:
    return {"prompt": usage.prompt_tokens, "output": usage.output_tokens, "thinking": usage.thinking_tokens}
