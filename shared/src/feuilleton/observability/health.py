"""Liveness, readiness and metrics of a worker: a small uvicorn beside its loop, which leaves signals alone."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from feuilleton.contracts.errors import PipelineError

Missing = list[str]
Probe = Callable[[], Awaitable[Missing]]
"""Answers what is missing, by name; an empty list is good. Must not raise and should take under a second."""

Check = Callable[[], Awaitable[None]]
"""Raises a PipelineError where something is missing."""

_PROBE_TIMEOUT_SECONDS = 4.0
_FROZEN_SECONDS = 60.0  # loops turn every half second, waiting for a server turns them too


def failing(checks: Mapping[str, Check]) -> Probe:
    """Names each check that raises a PipelineError."""

    async def probe() -> Missing:
        missing = []
        for name, check in checks.items():
            try:
                await check()
            except PipelineError:
                missing.append(name)
        return missing

    return probe


def frozen(beat_at: Callable[[], float]) -> Probe:
    """Names the loop when it has not turned for a minute: `beat_at` is when it last did, in monotonic seconds."""

    async def probe() -> Missing:
        return [] if time.monotonic() - beat_at() < _FROZEN_SECONDS else ["loop"]

    return probe


def probe_routes(live: Probe, ready: Probe) -> list[Route]:
    """/livez, /readyz and /metrics. A 503 is problem JSON that names what is missing."""

    async def livez(_request: Request) -> Response:
        return await _answer(live)

    async def readyz(_request: Request) -> Response:
        return await _answer(ready)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


async def _answer(probe: Probe) -> Response:
    try:
        missing = await asyncio.wait_for(probe(), _PROBE_TIMEOUT_SECONDS)
    except TimeoutError:
        missing = ["probe_timeout"]
    if not missing:
        return JSONResponse({"status": "ok"})
    body = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "code": "not_ready",
        "detail": "missing: " + ", ".join(missing),
        "missing": missing,
    }
    return JSONResponse(body, status_code=503, media_type="application/problem+json")


async def always_live() -> Missing:
    return []


class QuietServer(uvicorn.Server):
    """uvicorn as a guest in our loop: it takes no signals, so that the service decides how it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HealthServer:
    """Serves `probe_routes` on host:port. `start` raises OSError when the port is taken."""

    def __init__(self, host: str, port: int, *, live: Probe, ready: Probe) -> None:
        app = Starlette(routes=probe_routes(live, ready))
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = QuietServer(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        socket = self._server.config.bind_socket()
        self._task = asyncio.create_task(self._server.serve(sockets=[socket]), name="health")

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task
