"""The HTTP application over parts that were built elsewhere."""

from dataclasses import dataclass

from fastapi import FastAPI

from feuilleton.http.auth import BearerAuth
from feuilleton.http.probes import RequestCounts, install_probes
from feuilleton.http.problems import install_problems
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.ports import Publisher
from status_api.access import JobAccess
from status_api.ports import JobReader, Wakeups
from status_api.routes import jobs


@dataclass(frozen=True)
class Parts:
    """All that the routes need. Tests replace what they like."""

    auth: BearerAuth
    reader: JobReader
    access: JobAccess
    wakeups: Wakeups
    store: ObjectStore
    publisher: Publisher


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
    app.include_router(jobs.router)
    app.add_middleware(RequestCounts)
    return app
