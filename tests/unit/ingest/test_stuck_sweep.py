"""The sweep of stuck attempts: when it does nothing, and what it publishes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from feuilleton.contracts.errors import BrokerUnavailableError
from feuilleton.contracts.events import AttemptAccepted, EventData, ExpireJob, JobEnded, Outcome, parse
from feuilleton.contracts.ids import JobId
from feuilleton.streaming.memory import MemoryPublisher
from ingest.stuck import RunningAttempt, SweepPolicy
from ingest.stuck_sweep import EndedJob, Running, StuckSweep
from tests.builders import a_job

START = datetime(2026, 1, 1, tzinfo=UTC)
STUCK = RunningAttempt(a_job(), 2, START, START, None, 0, asked=False, expired_at=None)


@dataclass
class Rows:
    """Attempts as a test sets them; what was marked is written down."""

    running: tuple[RunningAttempt, ...] = (STUCK,)
    ended: tuple[EndedJob, ...] = ()
    now: datetime = START + timedelta(hours=1)
    sole: bool = True
    marked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def sole_sweeper(self) -> AsyncIterator[bool]:
        yield self.sole

    async def asked(self) -> Running:
        return Running(tuple(one for one in self.running if one.asked), self.now)

    async def asked_ended(self) -> Sequence[EndedJob]:
        return self.ended

    async def unheard(self, policy: SweepPolicy) -> Running:
        assert policy == SweepPolicy()
        return Running(self.running, self.now)

    async def mark_published_again(self, job: JobId, attempt: int) -> None:
        assert job == a_job().job
        self.marked.append(f"published {attempt}")

    async def mark_told_again(self, job: JobId) -> None:
        assert job == a_job().job
        self.marked.append("told")

    async def mark_expired(self, job: JobId, attempt: int) -> None:
        assert job == a_job().job
        self.marked.append(f"expired {attempt}")


@dataclass
class Backlog:
    oldest: datetime | None = None
    folded: bool = True

    async def oldest_waiting(self) -> datetime | None:
        return self.oldest

    async def wait_until_folded(self) -> bool:
        return self.folded


async def swept(rows: Rows, backlog: Backlog | None = None) -> list[EventData]:
    """What one sweep publishes, in order."""
    publisher = MemoryPublisher()
    await StuckSweep(rows, backlog or Backlog(), publisher, SweepPolicy()).sweep()
    return [parse(message.value).data for message in publisher.messages]


def names(events: Sequence[EventData]) -> list[tuple[str, int]]:
    return [(type(event).__name__, event.attempt) for event in events]


async def test_a_stuck_attempt_is_told_of_and_ordered_again_with_the_job_before_it() -> None:
    rows = Rows()
    assert names(await swept(rows)) == [("JobAccepted", 1), ("AttemptAccepted", 2), ("UploadSubmitted", 2)]
    assert rows.marked == ["published 2"]


@pytest.mark.parametrize(
    ("rows", "backlog"),
    [
        (Rows(sole=False), Backlog()),
        (Rows(), Backlog(folded=False)),
        (Rows(), Backlog(oldest=START)),
        (Rows(running=()), Backlog()),
    ],
    ids=["another sweeps", "behind job-events", "in a queue", "nothing runs"],
)
async def test_nothing_is_published(rows: Rows, backlog: Backlog) -> None:
    assert await swept(rows, backlog) == []
    assert rows.marked == []


async def test_an_attempt_beyond_the_limit_is_ended_by_a_command() -> None:
    rows = Rows(now=START + timedelta(hours=73))
    (command,) = await swept(rows)
    assert isinstance(command, ExpireJob)
    assert (command.attempt, rows.marked) == (2, ["expired 2"])


async def test_a_publication_that_failed_is_not_noted_and_comes_again() -> None:
    rows, publisher = Rows(), MemoryPublisher()
    publisher.fail_with = BrokerUnavailableError("away")
    work = StuckSweep(rows, Backlog(), publisher, SweepPolicy())
    with pytest.raises(BrokerUnavailableError):
        await work.sweep()
    assert rows.marked == []
    publisher.fail_with = None
    assert await work.sweep() == 1


async def test_an_operator_is_obeyed_at_once_for_what_runs_and_for_what_ended() -> None:
    ends = tuple(
        JobEnded(job=a_job().job, tenant=a_job().tenant, attempt=number, outcome=Outcome.PARTIAL) for number in (1, 2)
    )
    rows = Rows(running=(replace(STUCK, asked=True, attempt=1),), ended=(EndedJob(a_job(), ends, (0, 7)),), now=START)
    publisher = MemoryPublisher()
    assert await StuckSweep(rows, Backlog(oldest=START), publisher, SweepPolicy()).publish_asked() == 2
    assert names([parse(message.value).data for message in publisher.messages]) == [
        ("JobAccepted", 1),
        ("UploadSubmitted", 1),
        ("JobAccepted", 1),
        ("JobEnded", 1),
        ("AttemptAccepted", 2),
        ("JobEnded", 2),
    ]
    accepted = parse(publisher.messages[4].value).data
    assert isinstance(accepted, AttemptAccepted)
    assert accepted.reserve == 7
    assert rows.marked == ["published 1", "told"]
