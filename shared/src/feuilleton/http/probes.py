"""Probes, metrics and request counts of the two HTTP services."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feuilleton.contracts.errors import PipelineError
from feuilleton.observability import metrics
from feuilleton.observability.health import Missing, always_live, probe_routes

Check = Callable[[], Awaitable[None]]


def install_probes(app: FastAPI, checks: Mapping[str, Check]) -> None:
    """Add /livez, /readyz and /metrics; readiness names each check that raises a PipelineError."""

    async def ready() -> Missing:
        missing = []
        for name, check in checks.items():
            try:
                await check()
            except PipelineError:
                missing.append(name)
        return missing

    app.router.routes.extend(probe_routes(always_live, ready))


class RequestCounts:
    """ASGI middleware that counts requests by route template: ids never become labels, streams stay streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unmatched")
                metrics.HTTP_REQUESTS.labels(route, scope["method"], str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)
