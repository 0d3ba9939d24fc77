"""What stands in job-events, folded by the contract's one fold: the truth that everything else is compared with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from feuilleton.contracts.events import EventData, JobEnded, parse
from feuilleton.contracts.job_state import JobState, fold_event
from feuilleton.contracts.topics import DEAD_LETTERS, JOB_EVENTS
from tests.kafka_reading import read_records


@dataclass(frozen=True)
class Log:
    """`repeats` counts the events of job-events that say again what was said; `letters` the dead letters."""

    jobs: Mapping[str, JobState]
    events: int
    repeats: int
    letters: int

    def end(self, job: str, attempt: int) -> JobEnded | None:
        state = self.jobs.get(job)
        return state.end_of(attempt) if state else None


async def read_log(kafka: str) -> Log:
    """Raises PoisonMessageError for a record that no model accepts."""
    records, letters = await asyncio.gather(read_records(kafka, "", JOB_EVENTS), read_records(kafka, "", DEAD_LETTERS))
    jobs: dict[str, JobState] = {}
    seen: set[str] = set()
    repeats = 0
    for record in records:
        received = parse(record.value, record.headers)
        event: EventData = received.data
        repeats += event.event_id in seen
        seen.add(event.event_id)
        jobs[event.job] = fold_event(jobs.get(event.job, JobState()), event)
    return Log(jobs, len(records), repeats, len(letters))
