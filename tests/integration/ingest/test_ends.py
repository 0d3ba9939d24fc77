"""Waiting at ingest for the ends of attempts: on the real rows, as job-events are folded into them."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.events import Outcome
from feuilleton.database.pool import Database
from ingest.adapters.postgres_ends import PostgresEnds
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.answers import Begun
from ingest.ends import AttemptKey, Ended, EndWatch
from tests.integration.ingest.told_stories import admit, batch
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


class Looks(PostgresEnds):
    """The true rows, and how often they were read; the first reads fail as in an outage."""

    def __init__(self, database: Database, *, failing: int = 0) -> None:
        super().__init__(database)
        self.count = 0
        self.failing = failing

    async def ended(self, attempts: Collection[AttemptKey]) -> Mapping[AttemptKey, Ended]:
        self.count += 1
        if self.count <= self.failing:
            raise DatabaseUnavailableError("away")
        return await super().ended(attempts)


async def test_all_that_wait_hear_of_the_end_from_one_look(database: Database) -> None:
    one, two = a_story(), a_story()
    for story in (one, two):
        await admit(database, story)
    looks = Looks(database)
    watch = EndWatch(looks)
    first = [asyncio.create_task(watch.wait(one.job, 1)) for _ in range(20)]
    second = asyncio.create_task(watch.wait(two.job, 1))
    await asyncio.sleep(0.6)
    assert not any(task.done() for task in [*first, second])
    await PostgresJobWatch(database).apply(batch(0, one.ended(outcome=Outcome.PARTIAL), two.splitting()))
    heard = await asyncio.gather(*first)
    assert {ended.end.outcome for ended in heard if ended.end} == {Outcome.PARTIAL}
    assert not second.done()
    assert looks.count < 20
    second.cancel()
    await asyncio.sleep(0.6)
    count = looks.count
    await asyncio.sleep(0.6)
    assert looks.count == count, "nobody waits, and the rows are still read"


async def test_an_end_is_told_of_the_attempt_that_was_asked_for_and_an_outage_is_waited_out(database: Database) -> None:
    story = a_story()
    await admit(database, story)
    await PostgresJobWatch(database).apply(
        batch(0, story.ended(outcome=Outcome.FAILED), story.attempt_accepted(2), story.splitting(2))
    )
    watch = EndWatch(Looks(database, failing=2))
    assert (await watch.wait(story.job, 1)).end is not None
    running = asyncio.create_task(watch.wait(story.job, 2))
    await asyncio.sleep(0.6)
    assert not running.done()
    await PostgresJobWatch(database).apply(batch(3, story.ended(2)))
    ended = await running
    shown = Begun(story.accepted(), 2, 0).shown(ended)
    assert (shown.status, shown.attempt, shown.progress_percent) == ("completed", 2, 100)
    assert shown.counts is not None


async def test_a_deletion_ends_a_wait(database: Database) -> None:
    story = a_story()
    await admit(database, story)
    waiting = asyncio.create_task(EndWatch(PostgresEnds(database)).wait(story.job, 1))
    await PostgresJobWatch(database).apply(batch(0, story.deleted()))
    assert Begun(story.accepted(), 1, 0).shown(await waiting).status == "deleted"
