"""A process that does not know that it still counts must not spend."""

import asyncio

import pytest

from extractor.gate import AnswerGuard, Freshness, StaleMembershipError


def test_each_answer_must_be_younger_than_the_limit() -> None:
    ages = [1.0, 2.0]
    guard = AnswerGuard([lambda: ages[0], lambda: ages[1]], 4.0)
    guard.check()
    ages[1] = 4.5
    with pytest.raises(StaleMembershipError):
        guard.check()


async def test_who_waits_goes_on_when_the_answer_is_there() -> None:
    ages = [9.0]
    guard = AnswerGuard([lambda: ages[0]], 4.0)
    waiting = asyncio.create_task(guard.fresh())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    ages[0] = 0.0
    await asyncio.wait_for(waiting, 5)


def test_what_was_never_proved_is_infinitely_old_and_an_answer_is_as_old_as_its_question() -> None:
    membership = Freshness()
    assert membership.age_seconds() == float("inf")
    membership.prove(asked_at=-1000.0)
    assert membership.age_seconds() > 1000.0
    membership.prove()
    assert membership.age_seconds() < 100.0
    membership.prove(asked_at=-1000.0)
    assert membership.age_seconds() < 100.0, "an older question takes nothing back"
