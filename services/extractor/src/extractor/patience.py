"""How long, and how often, one chunk is tried (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True)
class RetryPolicy:
    """`deadline_seconds` runs from a chunk's first call, waits for quota excluded; where the next try would come after
    it, the chunk fails at once. Delays double from `first_delay_seconds` to `max_delay_seconds`. `max_deaths` is how
    many worker processes a chunk may cost.
    """

    deadline_seconds: float = 30 * 60.0
    first_delay_seconds: float = 1.0
    max_delay_seconds: float = 60.0
    max_deaths: int = 3


@dataclass
class Patience:
    """The clock of one chunk. A message that was put back brings its own, so that no clock restarts. `rests_until` is
    set while it backs off from a fault.
    """

    policy: RetryPolicy
    first_call_at: datetime | None = None
    excluded_seconds: float = 0.0
    tries: int = 0
    deaths: int = 0
    rests_until: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Note the first call; later ones change nothing."""
        self.first_call_at = self.first_call_at or now

    def exclude(self, seconds: float) -> None:
        """Time that is not the chunk's fault: a wait for quota, or for the group to answer."""
        self.excluded_seconds += seconds

    def remaining_seconds(self, now: datetime) -> float:
        """What is left until the deadline, 0 when it has passed."""
        if self.first_call_at is None:
            return self.policy.deadline_seconds
        deadline = self.first_call_at + timedelta(seconds=self.policy.deadline_seconds + self.excluded_seconds)
        return max((deadline - now).total_seconds(), 0.0)

    def backoff_seconds(self, random: Random) -> float:
        """Count one failed try, and say how long to wait: half of the doubled delay, and up to half by chance."""
        doublings = min(self.tries, 30)
        self.tries += 1
        delay: float = min(self.policy.first_delay_seconds * 2**doublings, self.policy.max_delay_seconds)
        return delay / 2 + random.random() * delay / 2

    def count_death(self) -> bool:
        """Count a worker process that died of this chunk. True when that was one too many."""
        self.deaths += 1
        return self.deaths >= self.policy.max_deaths
