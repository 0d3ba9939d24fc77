"""The projection rebuilt in place, by the function that operators call."""

import asyncio
import random
import subprocess
import sys

import asyncpg
import httpx
import pytest

from feuilleton_client.operations.database import rebuild_projection
from tests.integration.status_api.conftest import Publish, World
from tests.integration.status_api.folded import TABLES, lives, rows, rows_folded_anew, until_folded
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


async def rebuild(world: World) -> None:
    """As `rebuild_projection`, without waiting."""
    connection = await asyncpg.connect(world.database_url)
    await connection.execute("SELECT projection.rebuild()")
    await connection.close()


async def test_the_rows_are_the_same_after_a_rebuild_under_running_projectors(world: World, publish: Publish) -> None:
    await publish(*lives(5))
    async with world.projector(), world.projector():
        await until_folded(world)
        before = await rows(world)
        told: list[int] = []
        await asyncio.wait_for(rebuild_projection(world.database_url, told.append), 60)
        assert await rows(world) == before
        assert told, "there was something to fold"
    assert all(before[table] for table in TABLES)


async def test_a_rebuild_in_the_middle_of_another_and_of_new_events_loses_nothing(
    world: World, publish: Publish
) -> None:
    events = lives(6)
    dice = random.Random(3)
    async with world.projector():
        for event in events:
            await publish(event)
            if dice.random() < 0.1:
                await rebuild(world)
        await asyncio.wait_for(rebuild_projection(world.database_url, lambda _: None), 60)
        await until_folded(world)
        found = await rows(world)
    assert await rows_folded_anew(world) == found


async def test_what_is_not_folded_again_yet_is_answered_503_and_never_shown_as_of_the_past(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    async with world.projector():
        await publish(*story.whole())
        await until_folded(world)
    await rebuild(world)
    for path in ("", f"/{story.job}", f"/{story.job}/events", f"/{story.job}/cards", f"/{story.job}/chunks"):
        answer = await api.get(f"/v1/jobs{path}")
        assert (answer.status_code, answer.json()["code"]) == (503, "projection_behind"), path
        assert int(answer.headers["retry-after"]) >= 1
    async with world.projector():
        command = [sys.executable, "-m", "feuilleton_client", "ops", "rebuild-projection"]
        done = await asyncio.create_subprocess_exec(*command, env=world.environment, stdout=subprocess.PIPE)
        said, _ = await asyncio.wait_for(done.communicate(), 60)
        assert (done.returncode, said) == (0, b"the projection is rebuilt\n")
        assert (await api.get(f"/v1/jobs/{story.job}")).json()["status"] == "completed"
        assert len((await api.get("/v1/jobs")).json()["items"]) == 1
