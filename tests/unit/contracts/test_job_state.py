from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.events import EventData, JobAccepted, JobDeleted, JobEnded, JobSplitting, Outcome
from feuilleton.contracts.job_state import JobState, JobStatus, fold_event, progress_percent
from tests.builders import a_job
from tests.strategies import JOB, TENANT, job_events

histories = st.lists(job_events(), max_size=25)


def fold(events: list[EventData]) -> JobState:
    return reduce(fold_event, events, JobState())


def ended(attempt: int, outcome: Outcome) -> JobEnded:
    return JobEnded(job=JOB, tenant=TENANT, attempt=attempt, outcome=outcome)


def test_the_first_end_of_an_attempt_stands() -> None:
    state = fold([a_job(), ended(1, Outcome.CANCELLED), ended(1, Outcome.COMPLETED)])
    assert state.status is JobStatus.CANCELLED


def test_a_new_attempt_opens_an_ended_job_again() -> None:
    state = fold([a_job(), ended(1, Outcome.PARTIAL), JobSplitting(job=JOB, tenant=TENANT, attempt=2)])
    assert (state.attempt, state.status) == (2, JobStatus.SPLITTING)
    assert state.end_of(1) is not None


def test_an_end_of_an_older_attempt_does_not_end_the_newer() -> None:
    state = fold([a_job(), JobSplitting(job=JOB, tenant=TENANT, attempt=2), ended(1, Outcome.FAILED)])
    assert state.status is JobStatus.SPLITTING


@given(histories)
def test_a_replay_of_all_events_changes_nothing(events: list[EventData]) -> None:
    state = fold(events)
    assert fold([*events, *events]) == state


@given(histories)
def test_a_duplicate_at_once_is_told_by_identity(events: list[EventData]) -> None:
    state = fold(events)
    for event in events:
        assert fold_event(state, event) is state


@given(histories, st.randoms(use_true_random=False))
def test_order_between_events_that_are_no_ends_does_not_matter(events: list[EventData], random: st.randoms) -> None:  # type: ignore[valid-type]
    plain = [event for event in events if not isinstance(event, JobEnded)]
    shuffled = list(plain)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(plain).status == fold(shuffled).status


@given(histories, histories)
def test_an_attempt_never_leaves_its_end_and_nothing_leaves_deleted(
    before: list[EventData], after: list[EventData]
) -> None:
    early = fold(before)
    late = reduce(fold_event, after, early)
    for number, attempt in early.attempts.items():
        if attempt.end is not None:
            assert late.end_of(number) == attempt.end
    if early.deleted:
        assert late.status is JobStatus.DELETED


@given(histories)
def test_a_job_counts_as_accepted_only_after_its_acceptance(events: list[EventData]) -> None:
    assert fold(events).accepted == any(isinstance(event, JobAccepted) for event in events)
    assert fold(events).deleted == any(isinstance(event, JobDeleted) for event in events)


@given(st.sampled_from(JobStatus), st.integers(0, 500), st.integers(0, 400))
def test_progress_stays_between_5_and_100_and_is_100_only_at_an_end(
    status: JobStatus, finished: int, total: int
) -> None:
    percent = progress_percent(status, finished, total)
    assert 5 <= percent <= 100
    assert (percent == 100) == status.ended
