"""Probes, metrics and request counts of the two HTTP services."""

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feuilleton.observability import metrics
from feuilleton.observability.health import Check, always_live, failing, probe_routes


def install_probes(app: FastAPI, checks: Mapping[str, Check]) -> None:
    """Add /livez, /readyz and /metrics; readiness names each check that raises a PipelineError."""
    app.router.routes.extend(probe_routes(always_live, failing(checks)))


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
