"""When to try a delivery again. Pure: the clock and the chance are handed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_FACTOR = 4
_JITTER = 0.2  # a receiver that comes back is not met by all that waited at once
_LONGEST_EXPONENT = 20


@dataclass(frozen=True)
class Schedule:
    """Gaps grow from `first_seconds` by four up to `longest_seconds`; `try_for_seconds` after the delivery was made,
    or asked for again, comes the last try.
    """

    first_seconds: float
    longest_seconds: float
    try_for_seconds: float

    def next_try(
        self, tries: int, *, since: datetime, now: datetime, chance: float, asked_seconds: float | None = None
    ) -> datetime | None:
        """The time of the next try after `tries` that failed, None when there shall be no more. `chance` is in [0, 1);
        `asked_seconds` is what the receiver said in Retry-After: a longer wait is granted, a shorter one is not.
        """
        last = since + timedelta(seconds=self.try_for_seconds)
        if now >= last:
            return None
        gap = self.first_seconds * _FACTOR ** min(tries - 1, _LONGEST_EXPONENT)
        gap = min(max(gap, asked_seconds or 0.0), self.longest_seconds)
        return min(last, now + timedelta(seconds=gap * (1 + _JITTER * (2 * chance - 1))))
