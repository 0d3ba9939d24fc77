"""What ingest keeps of each job's events: its attempts, their ends, and when they last moved. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_state import AttemptState, JobState, fold_event
from feuilleton.streaming.folding import Record


@dataclass(frozen=True)
class WatchedAttempt:
    """`progressed_at` is the time of the last event of this attempt, repeats included: somebody works on it."""

    state: AttemptState = field(default_factory=AttemptState)
    progressed_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class WatchedJob:
    deleted_at: datetime | None = None
    attempts: Mapping[int, WatchedAttempt] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def may_be_settled(self) -> bool:
        """Whether the job is deleted or an attempt of it ended: then there may be something to refund or to charge."""
        return self.deleted_at is not None or any(one.ended_at for one in self.attempts.values())

    @property
    def state(self) -> JobState:
        states = {number: attempt.state for number, attempt in self.attempts.items()}
        return JobState(True, self.deleted_at is not None, MappingProxyType(states))  # noqa: FBT003 (positional fields)


def fold_records(jobs: Mapping[JobId, WatchedJob], records: Iterable[Record]) -> dict[JobId, WatchedJob]:
    """Apply records (offset order) to the jobs that they name; records of other jobs are not ours and left out.

    Returns those that changed.
    """
    after = dict(jobs)
    for record in records:
        known = after.get(record.event.job)
        if known is not None:
            after[record.event.job] = _fold_record(known, record)
    return {name: job for name, job in after.items() if job is not jobs[name]}


def _fold_record(job: WatchedJob, record: Record) -> WatchedJob:
    state = fold_event(job.state, record.event)
    if state.deleted and job.deleted_at is None:
        return replace(job, deleted_at=record.time)
    number = record.event.attempt
    if number not in state.attempts:
        return job
    known = job.attempts.get(number, WatchedAttempt())
    ended_at = known.ended_at or (record.time if state.attempts[number].end else None)
    attempt = WatchedAttempt(state.attempts[number], record.time, ended_at)
    return replace(job, attempts=MappingProxyType({**job.attempts, number: attempt}))
