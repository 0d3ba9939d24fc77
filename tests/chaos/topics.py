"""What stands in job-events, folded by the contract's one fold: the truth that everything else is compared with."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from feuilleton.contracts.events import EventData, JobEnded, parse
from feuilleton.contracts.job_state import JobState, fold_event
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, DEAD_LETTERS, JOB_EVENTS, UPLOADS
from tests.kafka_reading import read_records


@dataclass(frozen=True)
class Count:
    """Messages of a topic. `repeats` are those whose id stood there already."""

    messages: int
    repeats: int

    def since(self, earlier: "Count") -> "Count":
        return Count(self.messages - earlier.messages, self.repeats - earlier.repeats)


@dataclass(frozen=True)
class Log:
    """`counts` are by topic."""

    jobs: Mapping[str, JobState]
    counts: Mapping[str, Count]

    def end(self, job: str, attempt: int) -> JobEnded | None:
        state = self.jobs.get(job)
        return state.end_of(attempt) if state else None

    def since(self, earlier: "Log") -> "Log":
        """What came after."""
        jobs = {job: state for job, state in self.jobs.items() if job not in earlier.jobs}
        return Log(jobs, {name: count.since(earlier.counts[name]) for name, count in self.counts.items()})


async def read_log(kafka: str) -> Log:
    """Raises PoisonMessageError for a record that no model accepts."""
    topics = (JOB_EVENTS, UPLOADS, CHUNKS, CHUNK_RESULTS, DEAD_LETTERS)
    found = await asyncio.gather(*(read_records(kafka, "", topic) for topic in topics))
    jobs: dict[str, JobState] = {}
    for record in found[0]:
        event: EventData = parse(record.value, record.headers).data
        jobs[event.job] = fold_event(jobs.get(event.job, JobState()), event)
    counts = {topic.name: _count(records) for topic, records in zip(topics, found, strict=True)}
    return Log(jobs, counts)


def _count(records: "Sequence[ConsumerRecord[bytes, bytes]]") -> Count:
    ids = {json.loads(record.value or b"{}").get("id") for record in records}
    return Count(len(records), len(records) - len(ids))
