"""What a client reads of a job, with a real broker and database between the event and the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from status_api import bootstrap
from tests.integration.status_api.conftest import Publish, World, a_client, serving
from tests.unit.status_api.story import a_story

Wanted = Callable[[dict[str, Any]], bool]

pytestmark = pytest.mark.servers


async def test_a_job_is_shown_as_its_events_tell(world: World, publish: Publish, api: httpx.AsyncClient) -> None:
    story = a_story()
    async with world.projector():
        await publish(story.accepted())
        accepted = (await api.get(f"/v1/jobs/{story.job}")).json()
        assert (accepted["status"], accepted["progress_percent"], accepted["name"]) == ("accepted", 5, "Le Banc.pdf")
        await publish(*story.of_splitter(), story.finished(0))
        await until(api, story.job, lambda job: job["chunks"] == {"total": 3, "finished": 1, "failed": 0})
        await publish(*story.of_merger()[1:])
        ended = await until(api, story.job, lambda job: job["status"] == "completed")
    assert (ended["progress_percent"], ended["cards"], ended["billed_tokens"]) == (100, 12, 300)
    assert str(ended["ended_at"]) > str(ended["accepted_at"])


async def test_a_poll_right_after_the_acknowledgement_never_gets_404(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    async with world.projector():
        for _ in range(20):
            story = a_story()
            await publish(story.accepted())
            assert (await api.get(f"/v1/jobs/{story.job}")).status_code == 200


async def test_with_the_projector_stopped_an_accepted_job_gets_503_not_404(world: World, publish: Publish) -> None:
    story = a_story()
    settings = world.api_settings.model_copy(update={"barrier_seconds": 0.5})
    async with bootstrap.api_parts(settings) as parts, serving(parts) as address, a_client(address) as api:
        assert (await api.get(f"/v1/jobs/{story.job}")).status_code == 404
        await publish(story.accepted())
        behind = await api.get(f"/v1/jobs/{story.job}")
        assert (behind.status_code, behind.json()["code"]) == (503, "projection_behind")
        assert int(behind.headers["Retry-After"]) >= 1
        async with world.projector():
            await until(api, story.job, lambda job: job["status"] == "accepted")


async def until(api: httpx.AsyncClient, job: str, wanted: Wanted) -> dict[str, object]:
    for _ in range(200):
        answer = await api.get(f"/v1/jobs/{job}")
        if answer.status_code == 200 and wanted(answer.json()):
            found: dict[str, object] = answer.json()
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not reached: {answer.text}")
