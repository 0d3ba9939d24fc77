"""Probes, metrics and request counts of the two HTTP services."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Request
from starlette.responses import Response

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


def install_request_counts(app: FastAPI) -> None:
    """Count requests by route template, so that ids never become labels."""

    @app.middleware("http")
    async def count(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "unmatched")
        metrics.HTTP_REQUESTS.labels(route, request.method, str(response.status_code)).inc()
        return response
