"""When a job counts as stuck, and what is done then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from feuilleton.contracts.events import JobAccepted

# A message's time is its producer's clock, ours is the database's: they may differ by this much.
_CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True)
class SweepPolicy:
    """Gaps between publications double from the first to the last; `limit` is the longest life of an attempt."""

    first_gap_seconds: float = 15 * 60.0
    last_gap_seconds: float = 12 * 3600.0
    limit_seconds: float = 72 * 3600.0

    def gap(self, republished: int) -> timedelta:
        """How long nothing may be heard of an attempt that was published again so often."""
        doubled = self.first_gap_seconds * 2.0 ** min(republished, 30)
        return timedelta(seconds=min(self.last_gap_seconds, doubled))


@dataclass(frozen=True)
class RunningAttempt:
    """An attempt without an end. `asked` is whether an operator wants it published again at once."""

    accepted: JobAccepted
    attempt: int
    admitted_at: datetime
    published_at: datetime
    progressed_at: datetime | None
    republished: int
    asked: bool
    expired_at: datetime | None
    reserve: int = 0

    @property
    def heard_at(self) -> datetime:
        """When it was published, or when something was last heard of it."""
        return max(self.published_at, self.progressed_at or self.published_at)


class Verdict(StrEnum):
    WAIT = "wait"
    PUBLISH = "publish"
    EXPIRE = "expire"


def judge(attempt: RunningAttempt, now: datetime, oldest_waiting: datetime | None, policy: SweepPolicy) -> Verdict:
    """`oldest_waiting` is the time of the oldest message that any group of workers has not finished; None when none
    waits. A message that is older than what was last heard of the attempt may be its own: a long queue is not a
    stuck job.
    """
    if attempt.asked:
        return Verdict.PUBLISH
    if now - attempt.admitted_at > timedelta(seconds=policy.limit_seconds):
        told = attempt.expired_at
        return Verdict.EXPIRE if told is None or now - told > policy.gap(0) else Verdict.WAIT
    if now - attempt.heard_at <= policy.gap(attempt.republished):
        return Verdict.WAIT
    if oldest_waiting is not None and oldest_waiting <= attempt.heard_at + _CLOCKS_APART:
        return Verdict.WAIT
    return Verdict.PUBLISH
