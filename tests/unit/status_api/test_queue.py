"""The place of a job in the queue, and what it says of the time left."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.events import EventData
from feuilleton.streaming.folding import Record
from status_api.ports import RunningAttempts
from status_api.projection import Job, fold_batch
from status_api.queue import Place, place_of
from tests.unit.status_api.story import Story, a_story

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def folded(story: Story, *events: EventData, minute: int = 0) -> Job:
    records = [Record(n, FIRST + timedelta(minutes=minute), event) for n, event in enumerate(events)]
    return fold_batch({}, records).jobs[story.job]


def minutes(*numbers: int) -> tuple[datetime, ...]:
    return tuple(FIRST + timedelta(minutes=number) for number in numbers)


def test_a_job_that_nobody_took_up_says_how_many_wait_before_it_and_about_how_long() -> None:
    story = a_story()
    job = folded(story, story.accepted(), minute=5)
    running = RunningAttempts(minutes(1, 2, 3, 5, 9), minutes(3, 5, 9), ended_last_hour=20)
    assert place_of(job, 1, running) == Place(2, 4 * 180)
    assert place_of(job, 1, RunningAttempts((), (), 0)) == Place(1, None)


@pytest.mark.parametrize("count", range(2, 8))
def test_once_it_was_taken_up_it_has_no_place(count: int) -> None:
    story = a_story()
    assert place_of(folded(story, *story.whole()[:count]), 1, RunningAttempts((), (), 5)) is None
    assert place_of(folded(story, story.accepted(), story.deleted()), 1, RunningAttempts((), (), 5)) is None


@given(st.lists(st.integers(0, 50), min_size=1, unique=True), st.integers(1, 100))
def test_places_are_one_to_the_number_that_wait_in_the_order_of_acceptance(times: list[int], rate: int) -> None:
    waiting = minutes(*sorted(times))
    running = RunningAttempts(waiting, waiting, rate)
    jobs = []
    for minute in sorted(times):
        story = a_story()
        jobs.append(folded(story, story.accepted(), minute=minute))
    places = [place_of(job, 1, running) for job in jobs]
    assert [place.position for place in places if place] == list(range(1, len(times) + 1))
    etas = [place.eta_seconds or 0 for place in places if place]
    assert etas == sorted(etas)
