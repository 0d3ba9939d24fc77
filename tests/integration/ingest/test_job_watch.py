"""What ingest keeps of job-events, on a real database; and the loop that fills it, on a real broker."""

import asyncio
import time

import asyncpg
import pytest

from feuilleton.contracts.events import Message, Outcome
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.database.pool import Database
from feuilleton.streaming.dead_letter_replay import read_letters
from ingest.adapters.postgres_stuck import PostgresStuckRows
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.stuck import SweepPolicy
from tests.integration.ingest.told_stories import TOPIC, admit, batch
from tests.seeded_books import publish, submit
from tests.stack import RunServices
from tests.unit.status_api.story import Story, a_story

pytestmark = pytest.mark.servers
AT_ONCE = SweepPolicy(first_gap_seconds=0.001, limit_seconds=3600.0)


@pytest.fixture
async def story(database: Database) -> Story:
    """The story of a job that was admitted here."""
    found = a_story()
    await admit(database, found)
    return found


async def ends(database: Database, story: Story) -> list[str]:
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT ended->>'outcome' AS outcome FROM ingest.attempts WHERE job = $1 ORDER BY attempt", story.job
        )
    return [row["outcome"] for row in rows]


async def test_batches_may_come_twice_and_the_first_end_stands(database: Database, story: Story) -> None:
    watch = PostgresJobWatch(database)
    whole = batch(0, *story.whole())
    assert await watch.apply(whole) == whole.next_offset
    late = batch(whole.next_offset, story.ended(outcome=Outcome.FAILED), *a_story().whole())
    assert await watch.apply(late) == late.next_offset
    assert await watch.apply(whole) == late.next_offset, "an old batch moves nothing back"
    assert await watch.apply(batch(99, story.deleted())) == late.next_offset, "what comes in between is not passed over"
    assert await ends(database, story) == ["completed"]
    assert await watch.position(TOPIC, 0) == late.next_offset


async def test_a_log_that_begins_again_is_folded_over_what_is_known(database: Database, story: Story) -> None:
    watch = PostgresJobWatch(database)
    await watch.apply(batch(0, *story.whole()))
    await watch.begin_again(TOPIC, 0, 0)
    await watch.apply(batch(0, story.ended(outcome=Outcome.FAILED), story.attempt_accepted(2)))
    assert await ends(database, story) == ["completed", None]
    await watch.raise_position(TOPIC, 0, 1)
    assert await watch.positions(TOPIC) == {0: 2}


async def test_only_attempts_that_run_and_are_published_may_be_stuck(database: Database) -> None:
    waiting, ended, deleted, unpublished = stories = [a_story() for _ in range(4)]
    for each in stories:
        await admit(database, each)
    await PostgresJobWatch(database).apply(batch(0, ended.ended(), deleted.deleted()))
    async with database.connection() as connection:
        await connection.execute("INSERT INTO ingest.outbox (job, messages) VALUES ($1, '[]')", unpublished.job)
    await asyncio.sleep(0.05)
    rows = PostgresStuckRows(database)
    assert [one.accepted.job for one in (await rows.unheard(AT_ONCE)).attempts] == [waiting.job]
    await rows.mark_published_again(waiting.job, 1)
    assert (await rows.unheard(SweepPolicy(0.1, 60.0))).attempts == ()
    await asyncio.sleep(0.15)
    assert (await rows.unheard(SweepPolicy(0.1, 60.0))).attempts == (), "the second gap is longer"
    await asyncio.sleep(0.1)
    (again,) = (await rows.unheard(SweepPolicy(0.1, 60.0))).attempts
    assert again.republished == 1
    assert (await rows.unheard(SweepPolicy())).attempts == ()


async def test_one_process_sweeps_at_a_time(database: Database) -> None:
    rows = PostgresStuckRows(database)
    async with rows.sole_sweeper() as first, rows.sole_sweeper() as second:
        assert (first, second) == (True, False)
    async with rows.sole_sweeper() as next_one:
        assert next_one


async def test_an_operator_asks_for_what_runs_alone(database: Database) -> None:
    running, ended, deleted = stories = [a_story() for _ in range(3)]
    for each in stories:
        await admit(database, each)
    await PostgresJobWatch(database).apply(batch(0, ended.ended(), deleted.deleted()))
    async with database.connection() as connection:
        said = [await connection.fetchval("SELECT ingest.reconcile($1)", each.job) for each in (*stories, a_story())]
    assert said == ["asked", "ended", "deleted", "unknown"]
    rows = PostgresStuckRows(database)
    (asked,) = (await rows.asked()).attempts
    assert (asked.accepted.job, asked.asked) == (running.job, True)
    await rows.mark_published_again(running.job, 1)
    assert (await rows.asked()).attempts == ()
    (told,) = await rows.asked_ended()
    assert (told.accepted.job, [end.outcome for end in told.ends]) == (ended.job, ["completed"])
    await rows.mark_told_again(ended.job)
    assert await rows.asked_ended() == []


def test_poison_and_a_restart_do_not_keep_replicas_from_following(
    run_services: RunServices, kafka: str, kafka_topics: str, database_url: str
) -> None:
    story = a_story()
    with run_services("ingest") as running:
        other = running.add("ingest", 1)
        other.start()
        other.wait_ready()
        asyncio.run(_admit_and_poison(database_url, kafka, kafka_topics, story))
        submit(story.whole()[:4], kafka=kafka, prefix=kafka_topics)
        running["ingest"].kill()
        running["ingest"].start()
        submit(story.whole()[4:], kafka=kafka, prefix=kafka_topics)
        deadline = time.monotonic() + 60
        while asyncio.run(_ends(database_url, story)) != ["completed"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        running["ingest"].wait_ready()
    letters = asyncio.run(read_letters(kafka, prefix=kafka_topics))
    assert {(letter.service, letter.reason) for letter in letters} == {("ingest-watch", "poison_message")}


async def _admit_and_poison(database_url: str, kafka: str, prefix: str, story: Story) -> None:
    database = Database(database_url, service="tests", size=1)
    await database.start()
    await admit(database, story)
    await database.stop()
    await publish([Message(JOB_EVENTS.name, story.job.encode(), b"no event")], kafka, prefix)


async def _ends(database_url: str, story: Story) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        query = "SELECT ended->>'outcome' AS outcome FROM ingest.attempts WHERE job = $1"
        return [row["outcome"] for row in await connection.fetch(query, story.job)]
    finally:
        await connection.close()
