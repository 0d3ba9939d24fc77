"""The check of what webhooks were told finds what is missing, double or invented."""

import json
from collections import Counter

import pytest

from feuilleton.contracts.events import EventData
from feuilleton.contracts.job_state import JobState, fold_event
from tests.chaos.hooks import Told, check_told, told_by
from tests.chaos.topics import Log
from tests.fakes.webhook_receiver import Post
from tests.unit.status_api.story import a_story

STORY = a_story()
ENDED = ("job.ended", str(STORY.job), 1)
DELETED = ("job.deleted", str(STORY.job), 0)
WHOLE: Told = {ENDED: Counter({"a": 2}), DELETED: Counter({"b": 1})}


def log_of(*events: EventData) -> Log:
    state = JobState()
    for event in events:
        state = fold_event(state, event)
    return Log({STORY.job: state}, {})


LOG = log_of(*STORY.whole(), STORY.deleted())


def test_what_came_is_counted_by_message_and_id() -> None:
    body = {"type": "job.ended", "data": {"job": STORY.job, "attempt": 1}}
    post = Post("POST /hook", {"webhook-id": "a"}, json.dumps(body))
    assert told_by([post, post]) == {ENDED: {"a": 2}}


def test_one_id_for_each_however_often_holds() -> None:
    assert check_told(WHOLE, LOG).holds


@pytest.mark.parametrize(
    "told",
    [
        {ENDED: WHOLE[ENDED]},
        {DELETED: WHOLE[DELETED]},
        {**WHOLE, ENDED: Counter({"a": 1, "c": 1})},
        {**WHOLE, ("job.ended", str(STORY.job), 2): Counter({"d": 1})},
    ],
    ids=["no deletion", "no end", "one end under two ids", "an end that never was"],
)
def test_what_is_missing_double_or_invented_is_found(told: Told) -> None:
    assert not check_told(told, LOG).holds
