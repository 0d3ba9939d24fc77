"""The queue in the answers about a job, from the real rows of all tenants."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.integration.status_api.conftest import World
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


async def test_a_waiting_job_shows_its_place_among_all_and_a_running_one_none(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    ended, taken, others, own = a_story(), a_story(), a_story(tenant="somebody-else"), a_story()
    first = datetime.now(UTC) - timedelta(hours=len(ended.whole()) - 1)
    await fold_rows(rows_alone, *ended.whole(), taken.accepted(), taken.splitting(), first=first)
    await fold_rows(rows_alone, others.accepted(), own.accepted(), first=first)
    shown = (await reads.get(f"/v1/jobs/{own.job}")).json()
    assert (shown["status"], shown["queue_position"], shown["eta_seconds"]) == ("accepted", 2, 3 * 3600)
    listed = {job["id"]: job for job in (await reads.get("/v1/jobs")).json()["items"]}
    assert listed[own.job]["queue_position"] == 2
    assert (listed[taken.job]["queue_position"], listed[taken.job]["eta_seconds"]) == (None, None)
    assert listed[ended.job]["queue_position"] is None


async def test_a_job_that_is_alone_is_the_next_and_nothing_is_known_of_the_time(
    rows_alone: World, reads: httpx.AsyncClient
) -> None:
    story = a_story()
    await fold_rows(rows_alone, story.accepted())
    shown = (await reads.get(f"/v1/jobs/{story.job}")).json()
    assert (shown["queue_position"], shown["eta_seconds"]) == (1, None)
