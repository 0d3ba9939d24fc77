"""Which job events are told to webhooks, and in which words. Pure: `fold_event` alone decides what counts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from feuilleton.contracts.events import ChunkFinished, JobDeleted, JobEnded
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import AttemptState, JobState, JobStatus, fold_event
from feuilleton.streaming.folding import Record
from status_api.projection import Job
from status_api.public_events import public_data, public_name


class WebhookEvent(StrEnum):
    """What can be told. Not every chunk: for progress there is the event stream."""

    JOB_ACCEPTED = "job.accepted"
    ATTEMPT_ACCEPTED = "attempt.accepted"
    JOB_SPLITTING = "job.splitting"
    JOB_SPLIT = "job.split"
    JOB_MERGING = "job.merging"
    JOB_ENDED = "job.ended"
    JOB_DELETED = "job.deleted"


CLOCKS_APART = timedelta(minutes=1)
"""What the clocks of broker and database may differ by: an event is for a webhook that was made after it by less."""
TEST_EVENT = "webhook.test"
"""The type of the message that a user asks for to see whether it arrives."""


@dataclass(frozen=True)
class Told:
    """A message to the webhooks of a tenant that chose `type`. `time` is the event's (aware UTC)."""

    event_id: str
    type: str
    tenant: TenantId
    job: JobId | None
    time: datetime
    body: str


def fold_told(
    jobs: Mapping[JobId, JobState], records: Iterable[Record]
) -> tuple[dict[JobId, JobState], tuple[Told, ...]]:
    """Fold records (offset order) into the states of their jobs, as far as those are known.

    Returns the states that changed and what is to be told: an event that changed the state of its job and did not
    come after the end of its attempt. So a duplicate, a second end, or a step that landed late is told to nobody.
    """
    after = dict(jobs)
    told = []
    for record in records:
        before = after.get(record.event.job, JobState())
        state = fold_event(before, record.event)
        if state is before:
            continue
        after[record.event.job] = state
        if not _is_late(before, record) and not isinstance(record.event, ChunkFinished):
            told.append(told_of(record, state))
    return {name: state for name, state in after.items() if state is not jobs.get(name)}, tuple(told)


def _is_late(before: JobState, record: Record) -> bool:
    """Whether the attempt had ended, or the job had gone, before the event landed."""
    event = record.event
    if isinstance(event, JobDeleted):
        return False
    return before.end_of(event.attempt) is not None or (before.deleted and not isinstance(event, JobEnded))


def told_of(record: Record, state: JobState) -> Told:
    """The message about an event, `state` being that of its job after it."""
    event = record.event
    attempt = state.attempt if isinstance(event, JobDeleted) else event.attempt
    status = JobStatus.DELETED if state.deleted else state.attempts.get(attempt, AttemptState()).status
    name = public_name(event.type)
    data = {"job": event.job, "attempt": attempt, "status": status.value, **public_data(event.model_dump_json())}
    return Told(event.event_id, name, event.tenant, event.job, record.time, _body(name, record.time, data))


def ends_of(job: Job) -> tuple[Told, ...]:
    """The messages about the ends that a job has had so far: the same as those that the log makes."""
    ends = [(attempt.state.end, attempt.ended_at) for attempt in job.attempts.values()]
    records = [Record(job.last_offset, ended_at, end) for end, ended_at in ends if end is not None and ended_at]
    return tuple(told_of(record, job.state) for record in records)


def trial_message(event_id: str, tenant: TenantId, now: datetime) -> Told:
    """A message that says nothing but that it arrived."""
    body = _body(TEST_EVENT, now, {"message": "This is a test. Nothing happened to any job."})
    return Told(event_id, TEST_EVENT, tenant, None, now, body)


def _body(name: str, time: datetime, data: Mapping[str, object]) -> str:
    timestamp = time.isoformat().replace("+00:00", "Z")
    return json.dumps({"type": name, "timestamp": timestamp, "data": data}, ensure_ascii=False)
