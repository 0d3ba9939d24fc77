"""The HTTP application over parts that were built elsewhere."""

from fastapi import FastAPI

from feuilleton.http.probes import RequestCounts, install_probes
from feuilleton.http.problems import install_problems
from status_api.parts import Parts
from status_api.routes import commands, events, jobs, results


def create_app(parts: Parts) -> FastAPI:
    app = FastAPI(
        title="Feuilleton status",
        version="1",
        summary="Jobs: their state, their cards while they run and after, and cancelling them.",
        openapi_url="/openapi.json",
        redoc_url=None,
    )
    app.state.parts = parts
    install_problems(app)
    checks = {"kafka": parts.publisher.check, "postgres": parts.reader.check, "store": parts.store.check}
    install_probes(app, checks)
    for module in (jobs, results, events, commands):
        app.include_router(module.router)
    app.include_router(parts.page.router())
    app.add_middleware(RequestCounts)
    return app
