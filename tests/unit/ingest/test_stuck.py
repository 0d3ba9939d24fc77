"""When an attempt counts as stuck, and when the queue is full."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.admission import QueueLimit
from ingest.errors import QueueFullError
from ingest.ports import Queue
from ingest.stuck import RunningAttempt, SweepPolicy, Verdict, judge
from tests.builders import a_job

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = SweepPolicy()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def attempt(*, republished: int = 0, progressed: float | None = None, asked: bool = False) -> RunningAttempt:
    """Admitted and published at START; `progressed` in minutes after it."""
    heard = None if progressed is None else START + minutes(progressed)
    return RunningAttempt(a_job(), 1, START, START, heard, republished, asked, None)


def test_gaps_double_from_the_first_to_the_last() -> None:
    hours = [POLICY.gap(times).total_seconds() / 3600 for times in range(8)]
    assert hours == [0.25, 0.5, 1, 2, 4, 8, 12, 12]
    assert POLICY.gap(10_000) == timedelta(hours=12)


def test_an_attempt_is_published_again_when_nothing_was_heard_of_it_for_the_gap() -> None:
    assert judge(attempt(), START + minutes(15), None, POLICY) is Verdict.WAIT
    assert judge(attempt(), START + minutes(16), None, POLICY) is Verdict.PUBLISH
    assert judge(attempt(republished=1), START + minutes(29), None, POLICY) is Verdict.WAIT
    assert judge(attempt(republished=1), START + minutes(31), None, POLICY) is Verdict.PUBLISH


def test_an_attempt_that_moves_is_let_alone() -> None:
    assert judge(attempt(progressed=20), START + minutes(30), None, POLICY) is Verdict.WAIT
    assert judge(attempt(progressed=20), START + minutes(36), None, POLICY) is Verdict.PUBLISH


def test_a_long_queue_is_not_a_stuck_job() -> None:
    waiting = START + minutes(10)
    late = START + minutes(600)
    assert judge(attempt(progressed=11), late, waiting, POLICY) is Verdict.WAIT, "its chunks may be among what waits"
    assert judge(attempt(progressed=5), late, waiting, POLICY) is Verdict.PUBLISH, "all that is older was worked on"
    assert judge(attempt(), late, START + timedelta(seconds=3), POLICY) is Verdict.WAIT, "clocks differ a little"


def test_an_operator_waits_for_nothing() -> None:
    assert judge(attempt(asked=True), START + minutes(1), START, POLICY) is Verdict.PUBLISH


def test_an_attempt_expires_at_its_limit_and_is_told_so_again_only_after_a_gap() -> None:
    late = START + timedelta(hours=73)
    running = attempt(progressed=72.9 * 60)
    assert judge(running, late, START, POLICY) is Verdict.EXPIRE
    told = RunningAttempt(a_job(), 1, START, START, None, 3, False, late)  # noqa: FBT003
    assert judge(told, late + minutes(14), None, POLICY) is Verdict.WAIT
    assert judge(told, late + minutes(16), None, POLICY) is Verdict.EXPIRE


@pytest.mark.parametrize(
    ("waiting", "ended", "full"), [(240, 0, False), (241, 0, True), (2400, 100, False), (2401, 100, True)]
)
def test_the_queue_is_full_when_it_would_take_longer_than_a_day(waiting: int, ended: int, full: bool) -> None:  # noqa: FBT001
    limit = QueueLimit()
    if full:
        with pytest.raises(QueueFullError):
            limit.check(Queue(waiting, ended))
    else:
        limit.check(Queue(waiting, ended))
