"""When to try again, and after how long. Pure: clock, sleep and chance are passed in."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# 408, 429 and 503 say "again" by themselves; 502 and 504 come from a proxy in front of a service that restarts.
RETRYABLE_STATUSES = frozenset({408, 429, 502, 503, 504})


@dataclass(frozen=True)
class RetryPolicy:
    """Bounds of one call's retries. `budget_seconds` is the longest time spent waiting, all waits together.

    The default budget outlives the lease (60 s) that a lost upload may still hold on its idempotency key.
    """

    first_seconds: float = 0.5
    cap_seconds: float = 10.0
    budget_seconds: float = 90.0

    def delay_seconds(self, failures: int, *, chance: float, retry_after: float | None) -> float:
        """The wait after the `failures`-th failure in a row (1-based); `chance` is in [0, 1).

        Half of the exponential step is fixed, half is jitter. A server's Retry-After is a lower bound, to
        which jitter is added, so that clients sent away together do not return together.
        """
        step = min(self.cap_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        if retry_after is None:
            return step * (0.5 + chance / 2)
        return max(retry_after, 0.0) + min(step, 1.0) * chance


def _say_nothing(_cause: Exception, _delay_seconds: float) -> None:
    """The default of `Pacing.on_wait`."""


@dataclass(frozen=True)
class Pacing:
    """Time and chance, replaceable by tests. `on_wait` hears of each wait before it begins."""

    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    on_wait: Callable[[Exception, float], None] = _say_nothing


class Retries:
    """The waits of one call. `wait` sleeps and says True, or says False when the budget is used up."""

    def __init__(self, policy: RetryPolicy, pacing: Pacing) -> None:
        self._policy = policy
        self._pacing = pacing
        self._failures = 0
        self._waited_seconds = 0.0

    def wait(self, cause: Exception, retry_after: float | None = None) -> bool:
        self._failures += 1
        chance = self._pacing.chance()
        delay = self._policy.delay_seconds(self._failures, chance=chance, retry_after=retry_after)
        if self._waited_seconds + delay > self._policy.budget_seconds:
            return False
        self._waited_seconds += delay
        self._pacing.on_wait(cause, delay)
        self._pacing.sleep(delay)
        return True

    def reset(self) -> None:
        """Progress was made: the next failure is a first one again."""
        self._failures = 0
        self._waited_seconds = 0.0


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds from a Retry-After header (a number or an HTTP date); None for anything else."""
    if value is None:
        return None
    if value.strip().isdecimal() and value.isascii():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())
