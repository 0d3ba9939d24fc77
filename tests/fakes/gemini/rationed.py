"""A Gemini with a quota, of calls in flight or of calls in a time, that tells when to come back."""

import time
from collections import deque
from dataclasses import dataclass

from tests.fakes.gemini import FakeGemini, Fault, Plan
from tests.fakes.models.speech import Ask


@dataclass(frozen=True)
class Ration:
    """What is not refused: `in_flight` calls at a time, `calls` begun within `seconds`. None is no limit.
    RetryInfo says when the time has room again; where calls in flight are too many, the plan's seconds.
    """

    in_flight: int | None = None
    calls: int | None = None
    seconds: float = 1.0


class RationedGemini(FakeGemini):
    """`ration` may be replaced at any time. What the plan says besides holds for the calls that are let in."""

    def __init__(self, ration: Ration, plan: Plan | None = None) -> None:
        super().__init__(plan)
        self.ration = ration
        self._retry_after_seconds = self.plan.retry_after_seconds
        self._begun: deque[float] = deque()

    def _choose_fault(self, ask: Ask, body: bytes, key: str) -> Fault | None:
        wait = self._wait_seconds(time.monotonic())
        if wait is None:
            self._begun.append(time.monotonic())
            return super()._choose_fault(ask, body, key)
        # Not by the property, which would begin the plan's faults again.
        self._plan = self._plan.model_copy(update={"retry_after_seconds": wait})
        return Fault.QUOTA

    def _wait_seconds(self, now: float) -> float | None:
        """Until when this call should have waited, None for one that may begin."""
        ration = self.ration
        refused = self.stats.faults.get(Fault.QUOTA, 0)
        working = self.stats.calls - refused - self.stats.paid - self.stats.aborted - 1
        if ration.in_flight is not None and working >= ration.in_flight:
            return self._retry_after_seconds
        while self._begun and self._begun[0] <= now - ration.seconds:
            self._begun.popleft()
        if ration.calls is not None and len(self._begun) >= ration.calls:
            return self._begun[0] + ration.seconds - now
        return None
