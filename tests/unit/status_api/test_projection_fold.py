"""The rows of a job depend on what happened, not on the order in which different producers said it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from feuilleton.contracts.events import ChunkOutcome, EventData, Outcome
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobState, JobStatus, fold_event
from feuilleton.streaming.folding import Record
from status_api.projection import Attempt, Job, eta_seconds, fold_batch, fold_record, progress
from tests.unit.status_api.story import Story

START = datetime(2026, 1, 1, tzinfo=UTC)
STORY = Story(JobId("0f8fad5b-d9cb-469f-a165-70867728950e"), TenantId("t"))
OUTCOMES = st.sampled_from(Outcome)
LIGHTLY = settings(max_examples=50, deadline=None)


def records(events: Sequence[EventData]) -> list[Record]:
    """Each a second after the one before."""
    return [Record(offset, START + timedelta(seconds=offset), event) for offset, event in enumerate(events)]


def fold(events: Sequence[EventData]) -> Job:
    job = Job(STORY.job)
    for record in records(events):
        job = fold_record(job, record)
    return job


def visible(job: Job) -> object:
    """The job without its places and times, which the order decides."""
    untimed = {
        number: replace(attempt, accepted_at=None, extracting_at=None, last_chunk_at=None, ended_at=None)
        for number, attempt in job.attempts.items()
    }
    chunks = {key: replace(chunk, finished_at=START) for key, chunk in job.chunks.items()}
    upload = replace(job.upload, accepted_at=START, offset=0) if job.upload else None
    return (upload, job.deleted, untimed, chunks, job.state.status, progress(job))


@st.composite
def interleavings(draw: st.DrawFn) -> list[EventData]:
    """The events of two attempts: any order between producers, each producer's own order kept, doubles anywhere."""
    queues: list[list[EventData]] = [
        [STORY.accepted(), STORY.attempt_accepted(2)],
        STORY.of_splitter(1),
        STORY.of_merger(1),
        STORY.of_splitter(2),
        STORY.of_merger(2, Outcome.PARTIAL),
    ]
    told: list[EventData] = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        told.append(queue.pop(0))
        if draw(st.booleans()):
            told.append(draw(st.sampled_from(told)))
    return told


@LIGHTLY
@given(interleavings())
def test_any_interleaving_of_producers_with_doubles_gives_the_same_visible_row(events: list[EventData]) -> None:
    assert visible(fold(events)) == visible(
        fold([*STORY.whole(1), *STORY.whole(2)[:-1], STORY.ended(2, Outcome.PARTIAL)])
    )


@LIGHTLY
@given(interleavings(), OUTCOMES)
def test_a_repeated_or_late_event_changes_nothing_and_is_not_logged(events: list[EventData], outcome: Outcome) -> None:
    job = fold(events)
    late = [*events, STORY.ended(1, outcome), STORY.splitting(1)]
    again = fold_batch({job.id: job}, [Record(1000 + n, START, event) for n, event in enumerate(late)])
    assert (again.jobs, again.changes) == ({}, ())


@LIGHTLY
@given(interleavings(), st.data())
def test_a_batch_folds_to_the_same_wherever_it_is_cut(events: list[EventData], data: st.DataObject) -> None:
    told = records(events)
    cut = data.draw(st.integers(0, len(told)))
    first = fold_batch({}, told[:cut])
    second = fold_batch(first.jobs, told[cut:])
    whole = fold_batch({}, told)
    assert {**first.jobs, **second.jobs} == whole.jobs
    assert first.changes + second.changes == whole.changes


@LIGHTLY
@given(interleavings())
def test_the_state_is_that_of_the_contract(events: list[EventData]) -> None:
    state = JobState()
    for event in events:
        state = fold_event(state, event)
    assert fold(events).state == state


@LIGHTLY
@given(interleavings())
def test_progress_never_falls_within_an_attempt(events: list[EventData]) -> None:
    changes = fold_batch({}, records([event for event in events if event.attempt == 1])).changes
    percents = [change.progress_percent for change in changes]
    assert percents == sorted(percents)


def test_nothing_is_shown_before_the_job_was_accepted() -> None:
    assert fold(STORY.of_splitter()).upload is None


def test_the_first_end_by_offset_stays() -> None:
    job = fold([STORY.accepted(), STORY.ended(outcome=Outcome.CANCELLED), STORY.ended(outcome=Outcome.COMPLETED)])
    assert job.state.status is JobStatus.CANCELLED
    assert job.attempts[1].ended_at == START + timedelta(seconds=1)


def test_a_success_replaces_a_failure_of_its_chunk_and_no_failure_a_success() -> None:
    failed, good = STORY.finished(0, outcome=ChunkOutcome.FAILED), STORY.finished(0)
    healed, spoilt = fold([STORY.accepted(), failed, good]), fold([STORY.accepted(), good, failed])
    assert visible(healed) == visible(spoilt)
    counts = healed.attempts[1]
    assert (counts.finished_chunks, counts.failed_chunks, counts.cards, counts.tokens) == (1, 0, 4, 100)


def test_deleted_is_over_all() -> None:
    job = fold([*STORY.whole(), STORY.deleted(), STORY.attempt_accepted(2)])
    assert job.state.status is JobStatus.DELETED


def test_the_time_left_follows_the_rate_seen() -> None:
    job = fold([STORY.accepted(), STORY.splitting(), STORY.split(), STORY.finished(0)])
    attempt = job.attempts[1]
    assert eta_seconds(attempt, START + timedelta(seconds=3)) == 2
    assert eta_seconds(attempt, START + timedelta(seconds=99)) == 1


def test_there_is_no_time_left_without_a_rate_or_when_nothing_is_left() -> None:
    assert eta_seconds(Attempt(), START) is None
    for events in (STORY.whole()[:3], STORY.whole()[:6], STORY.whole()):
        assert eta_seconds(fold(events).attempts[1], START) is None


def test_jobs_do_not_touch_each_other() -> None:
    other = Story(JobId("1f8fad5b-d9cb-469f-a165-70867728950e"))
    folded = fold_batch({}, records([STORY.accepted(), other.accepted(), *STORY.of_splitter()]))
    assert folded.jobs[other.job].state.status is JobStatus.ACCEPTED
    assert fold_batch(MappingProxyType(dict(folded.jobs)), records([other.accepted()])).jobs == {}
