"""What ingest makes of job-events."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.events import EventData, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.streaming.folding import Record
from ingest.watched_jobs import WatchedJob, fold_records
from tests.unit.status_api.story import a_story

START = datetime(2026, 1, 1, tzinfo=UTC)
STORY = a_story()


def records(*events: EventData) -> list[Record]:
    return [Record(offset, START + timedelta(seconds=offset), event) for offset, event in enumerate(events)]


def fold(*events: EventData) -> WatchedJob:
    known: dict[JobId, WatchedJob] = {STORY.job: WatchedJob()}
    return {**known, **fold_records(known, records(*events))}[STORY.job]


def test_the_first_end_of_each_attempt_stands() -> None:
    job = fold(*STORY.whole(), STORY.ended(outcome=Outcome.FAILED), *STORY.whole(2))
    assert [job.attempts[number].state.status for number in (1, 2)] == ["completed", "completed"]
    assert job.attempts[1].ended_at == START + timedelta(seconds=len(STORY.whole()) - 1)


def test_every_event_of_an_attempt_is_progress_of_that_attempt() -> None:
    job = fold(STORY.accepted(), STORY.attempt_accepted(2), STORY.finished(0), STORY.finished(0))
    assert job.attempts[1].progressed_at == START + timedelta(seconds=3)
    assert job.attempts[2].progressed_at == START + timedelta(seconds=1)


def test_a_deletion_is_noted_with_its_time_and_others_jobs_are_not() -> None:
    assert fold(*STORY.whole(), STORY.deleted(), STORY.deleted()).deleted_at == START + timedelta(seconds=8)
    assert fold_records({STORY.job: WatchedJob()}, records(*a_story().whole())) == {}


@given(st.lists(st.sampled_from([*STORY.whole(), *STORY.whole(2), STORY.deleted()]), max_size=20), st.integers(0, 20))
def test_batches_may_be_cut_anywhere(events: list[EventData], cut: int) -> None:
    known: dict[JobId, WatchedJob] = {STORY.job: WatchedJob()}
    logged = records(*events)
    whole = {**known, **fold_records(known, logged)}
    first = {**known, **fold_records(known, logged[:cut])}
    assert {**first, **fold_records(first, logged[cut:])} == whole
