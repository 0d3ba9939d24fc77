"""Stories of jobs, as ingest admits them and as it reads them from the log."""

from datetime import UTC, datetime, timedelta

from feuilleton.contracts.events import EventData
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.ports import Admission
from tests.unit.status_api.story import Story

TOPIC = "job-events"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def admit(database: Database, story: Story) -> None:
    rows = PostgresAdmissionStore(database)
    await rows.stage(story.tenant, story.job)
    await rows.admit(Admission(story.accepted(), (), "print", None))
    await rows.mark_published(story.job, 1)


def batch(start: int, *events: EventData) -> Batch:
    records = tuple(
        Record(start + number, START + timedelta(seconds=number), event) for number, event in enumerate(events)
    )
    return Batch(TOPIC, 0, start, start + len(events), records)
