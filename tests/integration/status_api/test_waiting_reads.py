"""`Prefer: wait=N` on a job, with a real database between its end and the answer."""

import asyncio
import time

import httpx
import pytest

from feuilleton.contracts.events import Outcome
from tests.integration.status_api.conftest import World
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers
WAIT = {"Prefer": "wait=10"}


async def test_a_held_answer_comes_with_the_end_and_not_with_what_comes_before_it(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    story = a_story()
    await fold_rows(rows_alone, story.accepted())
    begun = time.monotonic()
    asking = asyncio.create_task(reads.get(f"/v1/jobs/{story.job}", headers=WAIT))
    await asyncio.sleep(0.3)
    await fold_rows(rows_alone, *story.of_splitter(), story.finished(0))
    await asyncio.sleep(0.5)
    assert not asking.done()
    await fold_rows(rows_alone, *story.of_merger())
    answer = await asking
    assert (answer.json()["status"], answer.headers["Preference-Applied"]) == ("completed", "wait=10")
    assert time.monotonic() - begun < 8


async def test_an_answer_is_not_held_for_what_has_ended_and_comes_as_it_is_when_the_seconds_are_over(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    running, done = a_story(), a_story()
    again = [done.attempt_accepted(2), done.splitting(2)]
    await fold_rows(rows_alone, running.accepted(), *done.whole(), done.ended(outcome=Outcome.FAILED), *again)
    first = await reads.get(f"/v1/jobs/{done.job}", params={"attempt": 1}, headers=WAIT)
    assert (first.json()["status"], "Preference-Applied" in first.headers) == ("completed", False)
    begun = time.monotonic()
    second = await reads.get(f"/v1/jobs/{done.job}", headers={"Prefer": "respond-async, wait=1"})
    assert (second.json()["status"], second.headers["Preference-Applied"]) == ("splitting", "wait=1")
    assert time.monotonic() - begun >= 1


async def test_a_deletion_ends_a_wait(rows_alone: World, reads: httpx.AsyncClient) -> None:
    story = a_story()
    await fold_rows(rows_alone, story.accepted())
    asking = asyncio.create_task(reads.get(f"/v1/jobs/{story.job}", headers=WAIT))
    await asyncio.sleep(0.3)
    await fold_rows(rows_alone, story.deleted())
    assert (await asking).json()["status"] == "deleted"
