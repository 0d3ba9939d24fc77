"""The HTTP application over parts that were built elsewhere."""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from feuilleton.http.probes import RequestCounts, install_probes
from feuilleton.http.problems import install_problems
from status_api.body_limit import BodyLimit
from status_api.parts import Parts
from status_api.routes import commands, compat, events, exports, jobs, links, results, vocabulary, webhooks
from status_api.routes.dependencies import DOCUMENTED, SCHEMA_PLACE


def create_app(parts: Parts) -> FastAPI:
    app = FastAPI(
        title="Feuilleton status",
        version="1",
        summary="Jobs: their state, their cards while they run and after, and cancelling them.",
        openapi_url="/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
    )
    app.state.parts = parts
    install_problems(app)
    checks = {
        "kafka": parts.publisher.check,
        "postgres": parts.reader.check,
        "api_keys": parts.auth.check,
        "object_store": parts.store.check,
    }
    install_probes(app, checks)
    for module in (jobs, results, exports, links, vocabulary, events, commands):
        app.include_router(module.router)
    app.include_router(compat.router)
    app.include_router(compat.health)
    app.include_router(webhooks.router)
    app.webhooks.include_router(webhooks.messages)
    app.include_router(parts.page.router())
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestCounts)
    describe = app.openapi
    app.openapi = lambda: _with_models(describe())  # type: ignore[method-assign]
    return app


def _with_models(document: dict[str, Any]) -> dict[str, Any]:
    """Add the models of answers that are no JSON of a route: problems and the data of events."""
    _, described = models_json_schema([(model, "serialization") for model in DOCUMENTED], ref_template=SCHEMA_PLACE)
    for name, schema in described["$defs"].items():
        document["components"]["schemas"].setdefault(name, schema)
    return document
