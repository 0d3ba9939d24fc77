"""Answers that are held back: by whom, for how long, and what frees their places. Over a real connection."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.http.waiting import Waits, wanted_seconds
from feuilleton.observability import metrics
from feuilleton.observability.health import QuietServer

Until = Callable[[], Coroutine[None, None, None]]


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([], None),
        (["wait=10"], 10),
        (["respond-async, Wait = 7; foo=1, wait=9"], 7),
        (["return=minimal", 'handling=lenient, wait="3"'], 3),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=²"], None),
        (["wait=" + "9" * 50], None),
        (["waiting=4"], None),
    ],
)
def test_the_seconds_are_read_as_the_standard_writes_them(lines: list[str], seconds: int | None) -> None:
    assert wanted_seconds(lines) == seconds


@asynccontextmanager
async def served(waits: Waits, until: Until) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.get("/")
    @app.post("/")
    async def held(request: Request) -> Response:
        async for _ in request.stream():
            pass
        return Response(headers=await waits.hold(request, until))

    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = QuietServer(config)
    socket = config.bind_socket()
    task = asyncio.create_task(server.serve(sockets=[socket]))
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        await task
        socket.close()


async def never() -> None:
    await asyncio.Event().wait()


async def held_at_once() -> int:
    return int(metrics.ANSWERS_HELD._value.get())


async def until_held(count: int) -> None:
    for _ in range(200):
        if await held_at_once() == count:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"{await held_at_once()} answers are held, not {count}")


async def test_an_answer_comes_when_what_it_waits_for_is_done() -> None:
    done = asyncio.Event()

    async def until() -> None:
        await done.wait()

    async with served(Waits(limit=5, longest_seconds=15), until) as client:
        asking = asyncio.create_task(client.post("/", content=b"body", headers={"Prefer": "wait=100"}))
        await until_held(1)
        done.set()
        answer = await asking
        assert answer.headers["Preference-Applied"] == "wait=15"
        assert "Preference-Applied" not in (await client.get("/")).headers
    await until_held(0)


@pytest.mark.heavy
async def test_an_answer_comes_when_its_seconds_are_over() -> None:
    async with served(Waits(limit=5, longest_seconds=15), never) as client:
        begun = time.monotonic()
        answer = await client.get("/", headers={"Prefer": "wait=1"})
        assert answer.headers["Preference-Applied"] == "wait=1"
        assert 0.9 < time.monotonic() - begun < 5


@pytest.mark.heavy
async def test_without_a_free_place_an_answer_comes_at_once_and_a_client_that_hangs_up_frees_its_place() -> None:
    async with served(Waits(limit=1, longest_seconds=15), never) as client:
        asking = asyncio.create_task(client.get("/", headers={"Prefer": "wait=15"}))
        await until_held(1)
        full = await client.get("/", headers={"Prefer": "wait=15"})
        assert (full.status_code, "Preference-Applied" in full.headers) == (200, False)
        asking.cancel()
        await until_held(0)
        assert "Preference-Applied" in (await client.get("/", headers={"Prefer": "wait=1"})).headers


async def test_a_server_that_is_away_lets_the_answer_come_and_says_nothing() -> None:
    async def away() -> None:
        raise DatabaseUnavailableError("away")

    async with served(Waits(limit=5, longest_seconds=15), away) as client:
        assert (await client.get("/", headers={"Prefer": "wait=15"})).status_code == 200
    await until_held(0)


async def test_all_are_let_go_when_the_process_stops() -> None:
    waits = Waits(limit=5, longest_seconds=600)
    async with served(waits, never) as client:
        asking = asyncio.create_task(client.get("/", headers={"Prefer": "wait=600"}))
        await until_held(1)
        waits.close()
        assert (await asking).status_code == 200
        assert "Preference-Applied" not in (await client.get("/", headers={"Prefer": "wait=9"})).headers
