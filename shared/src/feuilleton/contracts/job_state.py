"""The state of a job as a pure fold over its events. The only place that compares states.

The projector, settlement, webhooks, streams and the tests' reference model all import `fold_event`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from feuilleton.contracts.events import (
    AttemptAccepted,
    ChunkFinished,
    EventData,
    JobAccepted,
    JobDeleted,
    JobEnded,
    JobMerging,
    JobSplit,
    JobSplitting,
    Outcome,
)


class JobStatus(StrEnum):
    ACCEPTED = "accepted"
    SPLITTING = "splitting"
    EXTRACTING = "extracting"
    MERGING = "merging"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"

    @property
    def ended(self) -> bool:
        """Whether this attempt (or the job) is over."""
        return self in _ENDS or self is JobStatus.DELETED


_ENDS = {JobStatus(outcome.value) for outcome in Outcome}
_RANKS = (JobStatus.ACCEPTED, JobStatus.SPLITTING, JobStatus.EXTRACTING, JobStatus.MERGING)
_RANK_OF_EVENT: dict[type[EventData], JobStatus] = {
    JobAccepted: JobStatus.ACCEPTED,
    AttemptAccepted: JobStatus.ACCEPTED,
    JobSplitting: JobStatus.SPLITTING,
    JobSplit: JobStatus.EXTRACTING,
    ChunkFinished: JobStatus.EXTRACTING,
    JobMerging: JobStatus.MERGING,
}


@dataclass(frozen=True)
class AttemptState:
    """One attempt: the highest rank seen, and its end (the first one by offset) if there is one."""

    reached: JobStatus = JobStatus.ACCEPTED
    end: JobEnded | None = None

    @property
    def status(self) -> JobStatus:
        return JobStatus(self.end.outcome.value) if self.end else self.reached


@dataclass(frozen=True)
class JobState:
    """`accepted` is whether job.accepted was seen: nothing is shown before it."""

    accepted: bool = False
    deleted: bool = False
    attempts: Mapping[int, AttemptState] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def attempt(self) -> int:
        """The highest attempt seen; 1 where none was."""
        return max(self.attempts, default=1)

    @property
    def status(self) -> JobStatus:
        if self.deleted:
            return JobStatus.DELETED
        return self.attempts.get(self.attempt, AttemptState()).status

    def end_of(self, attempt: int) -> JobEnded | None:
        return self.attempts.get(attempt, AttemptState()).end


def fold_event(state: JobState, event: EventData) -> JobState:
    """The state after `event`. Pure; a duplicate or a late event of a lower rank changes nothing.

    Events of one job must come in job-events offset order: that order decides which end is the first.
    Returns `state` itself when nothing changed, so `is` tells.
    """
    if isinstance(event, JobDeleted):
        return state if state.deleted else replace(state, deleted=True)
    known = state.attempts.get(event.attempt)
    attempt = _fold_attempt(known or AttemptState(), event)
    accepted = state.accepted or isinstance(event, JobAccepted)
    if attempt == known and accepted == state.accepted:
        return state
    attempts = MappingProxyType({**state.attempts, event.attempt: attempt})
    return replace(state, accepted=accepted, attempts=attempts)


def _fold_attempt(attempt: AttemptState, event: EventData) -> AttemptState:
    if isinstance(event, JobEnded):
        return attempt if attempt.end else replace(attempt, end=event)
    rank = _RANK_OF_EVENT.get(type(event))
    if rank is None or _RANKS.index(rank) <= _RANKS.index(attempt.reached):
        return attempt
    return replace(attempt, reached=rank)


def progress_percent(status: JobStatus, finished_chunks: int, total_chunks: int) -> int:
    """5 accepted, 10 splitting, 15 to 75 while extracting, 75 merging, 100 at any end."""
    if status.ended:
        return 100
    if status is JobStatus.EXTRACTING and total_chunks > 0:
        return 15 + 60 * min(finished_chunks, total_chunks) // total_chunks
    return {
        JobStatus.ACCEPTED: 5,
        JobStatus.SPLITTING: 10,
        JobStatus.EXTRACTING: 15,
        JobStatus.MERGING: 75,
    }[status]
