"""A new attempt in the database: what is known after a commit whose answer was lost."""

import pytest

from feuilleton.contracts.errors import BrokerUnavailableError, DatabaseUnavailableError
from feuilleton.contracts.events import AttemptAccepted, Outcome, UploadSubmitted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine
from feuilleton.database.pool import Database
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from feuilleton.streaming.read_barrier import ReadBarrier
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.admission import EngineTable
from ingest.attempts import AttemptDesk
from ingest.errors import AttemptRunningError, OutcomeUnknownError
from ingest.outbox import Outbox
from ingest.ports import AttemptRequest, BegunAttempt, MakeMessages
from tests.integration.ingest.told_stories import TOPIC, admit, batch
from tests.unit.status_api.story import Story, a_story

pytestmark = pytest.mark.servers


class LostAnswers(PostgresAdmissionStore):
    """The true rows, behind a connection that breaks while a new attempt is begun."""

    after_commit = True

    async def begin_attempt(self, request: AttemptRequest, make_messages: MakeMessages) -> BegunAttempt:
        if self.after_commit:
            await super().begin_attempt(request, make_messages)
        raise DatabaseUnavailableError("cut")


class NoEnds:
    async def end(self, topic: str, partition: int) -> int:
        raise BrokerUnavailableError(f"{topic}/{partition}")


@pytest.fixture
async def story(database: Database) -> Story:
    """A job whose only attempt ended partial."""
    found = a_story()
    await admit(database, found)
    await PostgresJobWatch(database).apply(batch(0, found.ended(outcome=Outcome.PARTIAL)))
    return found


def desk(database: Database, publisher: MemoryPublisher, rows: PostgresAdmissionStore) -> AttemptDesk:
    barrier = ReadBarrier(PostgresJobWatch(database), NoEnds(), topic=TOPIC, deadline_seconds=0.1)
    engines = EngineTable((Engine.LOCAL,), {})
    return AttemptDesk(rows, barrier, publisher, Outbox(rows, publisher), engines, Commands())


async def test_an_attempt_whose_commit_was_not_answered_runs_all_the_same(database: Database, story: Story) -> None:
    publisher = MemoryPublisher()
    begun = await desk(database, publisher, LostAnswers(database)).accept_attempt(story.tenant, story.job, None, "")
    assert begun.attempt == 2
    assert [event.attempt for event in publisher.of(AttemptAccepted)] == [2]
    assert [event.attempt for event in publisher.of(UploadSubmitted)] == [2]
    assert await LostAnswers(database).pending(story.job, 2) is None


async def test_an_attempt_that_never_was_committed_never_runs(database: Database, story: Story) -> None:
    publisher, rows = MemoryPublisher(), LostAnswers(database)
    rows.after_commit = False
    with pytest.raises(DatabaseUnavailableError):
        await desk(database, publisher, rows).accept_attempt(story.tenant, story.job, None, "")
    assert publisher.messages == []
    begun = await desk(database, publisher, PostgresAdmissionStore(database)).accept_attempt(
        story.tenant, story.job, None, ""
    )
    assert begun.attempt == 2


async def test_an_attempt_that_could_not_be_announced_is_told_as_unknown_and_left_to_the_relay(
    database: Database, story: Story
) -> None:
    class Away(MemoryPublisher):
        async def check(self) -> None:
            """It answers, and then does not take the messages."""

    publisher, rows = Away(), PostgresAdmissionStore(database)
    publisher.fail_with = BrokerUnavailableError("gone")
    with pytest.raises(OutcomeUnknownError) as told:
        await desk(database, publisher, rows).accept_attempt(story.tenant, story.job, "key", "")
    assert told.value.job_id == story.job
    publisher.fail_with = None
    begun = await desk(database, publisher, rows).accept_attempt(story.tenant, story.job, "key", "")
    assert (begun.attempt, len(publisher.messages)) == (2, 2)


async def test_while_it_cannot_be_known_whether_the_last_attempt_ended_nothing_is_denied(database: Database) -> None:
    running = a_story()
    await admit(database, running)
    rows = PostgresAdmissionStore(database)
    with pytest.raises(BrokerUnavailableError):
        await desk(database, MemoryPublisher(), rows).accept_attempt(running.tenant, running.job, None, "")
    with pytest.raises(AttemptRunningError):
        await rows.begin_attempt(AttemptRequest(running.tenant, JobId(running.job), "t", None), lambda *_: ())
