"""Cancelling, listing, refusing: the rest of the API on real servers."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress

import httpx
import pytest

from feuilleton.contracts.events import CancelJob, DeleteJob, Outcome, parse
from feuilleton.contracts.topics import JOB_CONTROL
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton_local.ports import free_ports
from status_api.parts import Parts
from tests.integration.status_api.conftest import Publish, World, a_client, serving
from tests.kafka_reading import read_records
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers


async def test_a_cancel_is_published_for_the_running_attempt_and_answers_with_the_end_when_it_comes_at_once(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    async with world.projector():
        await publish(*story.whole()[:4])
        assert (await api.get(f"/v1/jobs/{story.job}")).status_code == 200
        cancelling = asyncio.create_task(api.post(f"/v1/jobs/{story.job}/cancel"))
        await asyncio.sleep(0.2)
        await publish(story.ended(outcome=Outcome.CANCELLED))
        answer = await cancelling
        assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
        again = await api.post(f"/v1/jobs/{story.job}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "job_already_ended")
    commands = [parse(record.value).data for record in await read_records(world.kafka, world.prefix, JOB_CONTROL)]
    assert commands == [CancelJob(job=story.job, tenant=DEFAULT_TENANT, attempt=1)]


async def test_a_cancel_nobody_answers_yet_says_that_the_job_still_runs(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    async with world.projector():
        await publish(story.accepted())
        assert (await api.get(f"/v1/jobs/{story.job}")).status_code == 200
        begun = time.monotonic()
        answer = await api.post(f"/v1/jobs/{story.job}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert time.monotonic() - begun < 4


async def test_a_delete_is_published_once_and_answers_with_the_deletion_when_it_comes_at_once(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    url = f"/v1/jobs/{story.job}"
    async with world.projector():
        await publish(*story.whole(), story.attempt_accepted(2))
        assert (await api.get(url, params={"attempt": 2})).status_code == 200
        deleting = asyncio.create_task(api.delete(url))
        await asyncio.sleep(0.2)
        await publish(story.deleted())
        for answer in (await deleting, await api.delete(url)):
            assert (answer.status_code, answer.json()["status"]) == (202, "deleted")
        assert (await api.get(f"{url}/cards")).json()["code"] == "job_deleted"
        assert (await api.get("/v1/jobs")).json()["items"] == []
    commands = [parse(record.value).data for record in await read_records(world.kafka, world.prefix, JOB_CONTROL)]
    assert commands == [DeleteJob(job=story.job, tenant=DEFAULT_TENANT, attempt=2)]


async def test_pages_of_jobs_hold_every_job_once_newest_first_while_new_ones_come(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    stories = [a_story() for _ in range(25)]
    async with world.projector():
        for story in stories:
            await publish(story.accepted())
            await parts.access._barrier.pass_for(story.job)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = (await api.get("/v1/jobs", params={"limit": 7, **({"cursor": cursor} if cursor else {})})).json()
            seen += [job["id"] for job in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            late = a_story()
            await publish(late.accepted())
            await parts.access._barrier.pass_for(late.job)
    expected = [story.job for story in reversed(stories)]
    assert sorted(seen) == sorted(expected)
    times = {job["id"]: job["accepted_at"] for job in page["items"]}
    assert [times[job] for job in seen[-len(times) :]] == sorted(times.values(), reverse=True)


async def test_pages_of_chunks_hold_every_finished_chunk_once(
    world: World, publish: Publish, api: httpx.AsyncClient, parts: Parts
) -> None:
    story = a_story(chunks=12)
    async with world.projector():
        await publish(*story.whole())
        await parts.access._barrier.pass_for(story.job)
        seen: list[int] = []
        params: dict[str, str | int] = {"limit": 5}
        while True:
            page = (await api.get(f"/v1/jobs/{story.job}/chunks", params=params)).json()
            seen += [chunk["index"] for chunk in page["items"]]
            if page["next_cursor"] is None:
                break
            params["cursor"] = page["next_cursor"]
    assert seen == list(range(12))


async def test_attempts_are_told_apart_and_a_missing_one_is_not_found(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    story = a_story()
    url = f"/v1/jobs/{story.job}"
    async with world.projector():
        await publish(*story.whole(), story.attempt_accepted(2), story.splitting(2))
        second = (await api.get(url, params={"attempt": 2})).json()
        assert (second["status"], second["attempts"], second["progress_percent"]) in {
            ("accepted", 2, 5),
            ("splitting", 2, 10),
        }
        first = (await api.get(url, params={"attempt": 1})).json()
        assert (first["status"], first["settings"]["sentence_length_limit"]) == ("completed", 8)
        assert second["settings"]["sentence_length_limit"] == 10
        listed = (await api.get(f"{url}/attempts")).json()["items"]
        assert [attempt["attempt"] for attempt in listed] == [1, 2]
        missing = await api.get(url, params={"attempt": 3})
        assert (missing.status_code, missing.json()["code"]) == (404, "attempt_not_found")


async def test_another_tenants_job_is_not_found_on_any_route(
    world: World, publish: Publish, api: httpx.AsyncClient
) -> None:
    theirs = a_story(tenant="somebody-else")
    async with world.projector():
        await publish(*theirs.whole())
        paths = ("", "/attempts", "/chunks", "/cards", "/events", "/report")
        answers = [await api.get(f"/v1/jobs/{theirs.job}{path}") for path in paths]
        answers.append(await api.post(f"/v1/jobs/{theirs.job}/cancel"))
        answers.append(await api.delete(f"/v1/jobs/{theirs.job}"))
        answers.append(await api.patch(f"/v1/jobs/{theirs.job}", json={"name": "mine"}))
        unknown = await api.get(f"/v1/jobs/{a_story().job}")
        listed = await api.get("/v1/jobs")
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "job_not_found")}
    assert {answer.text for answer in answers} == {unknown.text}
    assert listed.json()["items"] == []


async def test_no_route_but_probes_and_page_answers_without_the_key(parts: Parts) -> None:
    async with serving(parts) as address, a_client(address, key="") as nobody:
        document = (await nobody.get("/openapi.json")).json()
        asked = [(method, path) for path, item in document["paths"].items() for method in item]
        assert len(asked) >= 8
        for method, path in asked:
            answer = await nobody.request(method, path.replace("{job_id}", a_story().job))
            assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
        async with a_client(address, key="another-key-of-sixteen") as wrong:
            assert (await wrong.get("/v1/jobs")).status_code == 401
        for path in ("/", "/page.js", "/livez", "/metrics"):
            assert (await nobody.get(path)).status_code == 200


async def test_the_api_is_ready_once_it_is_connected(api: httpx.AsyncClient) -> None:
    for _ in range(50):
        answer = await api.get("/readyz")
        if answer.status_code == 200:
            return
        await asyncio.sleep(0.1)
    pytest.fail(answer.text)


@pytest.mark.parametrize("job", ["x", "..", "%00", "a" * 300, "0F8FAD5B-D9CB-469F-A165-70867728950E"])
async def test_what_can_be_no_job_id_is_not_found_at_once(api: httpx.AsyncClient, job: str) -> None:
    answer = await api.get(f"/v1/jobs/{job}/chunks")
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%00"])
async def test_a_wrong_parameter_is_a_problem_that_names_it(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/v1/jobs?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["code"] in {"invalid_request", "invalid_cursor"}


async def test_several_replicas_may_migrate_at_once(world: World) -> None:
    await world.drop_schema()
    command = (sys.executable, "-m", "status_api", "migrate")
    processes = [await asyncio.create_subprocess_exec(*command, env=world.environment) for _ in range(3)]
    assert [await process.wait() for process in processes] == [0, 0, 0]


async def test_the_page_is_served_under_a_strict_policy(parts: Parts, world: World) -> None:
    async with serving(parts) as address, a_client(address, key="") as nobody:
        page = await nobody.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert world.api_settings.public_ingest_url in policy
    assert f'content="{world.api_settings.public_ingest_url}"' in page.text
    assert "<script>" not in page.text
    assert "style=" not in page.text


async def test_the_api_process_closes_its_streams_and_stops_on_sigterm(world: World, publish: Publish) -> None:
    story = a_story()
    (port,) = free_ports(1)
    settings = {"HTTP_PORT": str(port), "HEARTBEAT_SECONDS": "60"}
    async with world.projector():
        with world.process("api", **settings) as process:
            async with a_client(f"http://127.0.0.1:{port}") as api:
                await publish(story.accepted())
                await until_answered(api, f"/v1/jobs/{story.job}")
                async with api.stream("GET", f"/v1/jobs/{story.job}/events") as stream:
                    lines = stream.aiter_lines()
                    assert (await anext(lines)).startswith("id: ")
                    process.terminate()
                    assert [line async for line in lines if line.startswith("id: ")] == []
                # Long before the next heartbeat, the first moment at which a stream could see that nobody listens.
                assert await asyncio.to_thread(process.wait, 15) == 0


async def until_answered(api: httpx.AsyncClient, path: str) -> None:
    for _ in range(300):
        with suppress(httpx.TransportError):
            if (await api.get(path)).status_code == 200:
                return
        await asyncio.sleep(0.1)
    pytest.fail("the process does not answer")


def test_without_a_key_the_api_does_not_start() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "API_KEY"}
    command = [sys.executable, "-m", "status_api", "api"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, "API_KEY: Field required" in refused.stderr) == (2, True)
