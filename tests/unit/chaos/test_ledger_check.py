"""The campaign's reckoning of the ledger finds what is wrong with one."""

from types import MappingProxyType
from typing import Any

import pytest

from feuilleton.contracts.events import EventData, Outcome
from feuilleton.contracts.job_state import JobState, fold_event
from tests.chaos.ledger import charges_differ, sums_differ
from tests.chaos.topics import Log
from tests.unit.status_api.story import a_story

STORY = a_story()
ATTEMPT = {"job": STORY.job, "attempt": 1, "reserve": 9, "settled": True, "rate": 2.0}


def log_of(*events: EventData) -> Log:
    state = JobState()
    for event in events:
        state = fold_event(state, event)
    return Log(MappingProxyType({STORY.job: state}), {})


def rows(*amounts: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"job": STORY.job, "attempt": 1, "kind": kind, "amount": amount} for kind, amount in amounts]


HELD, BACK = ("job_reserve", -9), ("job_refund", 9)
ENDED = log_of(STORY.accepted(), STORY.ended(outcome=Outcome.PARTIAL))  # bills 300 tokens: 1 credit


@pytest.mark.parametrize(
    ("written", "settled", "holds"),
    [
        (rows(HELD, BACK, ("job_final", -1)), True, True),
        (rows(HELD, BACK), True, False),
        (rows(HELD, BACK, ("job_final", -2)), True, False),
        (rows(HELD, ("job_final", -1)), True, False),
        (rows(HELD, BACK, ("job_final", -1)), False, False),
    ],
)
def test_a_charge_that_is_not_that_of_the_first_end_is_found(
    written: list[dict[str, Any]], *, settled: bool, holds: bool
) -> None:
    assert (list(charges_differ([{**ATTEMPT, "settled": settled}], written, ENDED)) == []) == holds


def test_a_deletion_without_an_end_costs_nothing() -> None:
    deleted = log_of(STORY.accepted(), STORY.deleted())
    assert list(charges_differ([ATTEMPT], rows(HELD, BACK), deleted)) == []
    assert list(charges_differ([ATTEMPT], rows(HELD, BACK, ("job_final", -1)), deleted)) != []


def test_rows_that_do_not_add_up_are_found() -> None:
    good = [
        {"tenant": "school", "number": 1, "amount": 50, "balance": 50},
        {"tenant": "school", "number": 2, "amount": -9, "balance": 41},
    ]
    assert list(sums_differ(good, {"school": 41})) == []
    assert list(sums_differ(good, {"school": 42})) != []
    assert list(sums_differ([good[0], {**good[1], "number": 3}], {"school": 41})) != []
    assert list(sums_differ([good[0], {**good[1], "amount": -60, "balance": -10}], {"school": -10})) != []
