"""`python -m ingest serve` answers uploads; `migrate` brings its schema up to date; `openapi` prints its document."""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
import uvicorn

from feuilleton.database.migrations import migrate
from feuilleton.http.serving import DrainingServer
from feuilleton.observability.logging import configure_logging
from feuilleton.settings import load_settings
from ingest.bootstrap import build_app
from ingest.settings import IngestSettings

_DRAIN_SECONDS = 20
_USAGE_STATUS = 2
_NOT_STARTED_STATUS = 3


def main(arguments: list[str]) -> int:
    runs = {"serve": _serve, "migrate": _migrate, "openapi": _openapi}
    command = arguments[0] if arguments else "serve"
    if command not in runs:
        sys.stderr.write(f"usage: python -m ingest [{' | '.join(runs)}]\n")
        return _USAGE_STATUS
    settings = load_settings(IngestSettings)
    configure_logging("ingest", level=settings.log_level, fmt=settings.log_format)
    return runs[command](settings)


def _serve(settings: IngestSettings) -> int:
    app = build_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = DrainingServer(config, on_exit=app.state.waits.close)
    server.run()
    return 0 if server.started else _NOT_STARTED_STATUS


def _openapi(settings: IngestSettings) -> int:
    """Routes are added as the service starts, so it starts: no server need be there."""
    app = build_app(settings)

    async def document() -> dict[str, object]:
        async with app.router.lifespan_context(app):
            return app.openapi()

    json.dump(asyncio.run(document()), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _migrate(settings: IngestSettings) -> int:
    scripts = Path(__file__).parent / "migrations"
    try:
        asyncio.run(migrate(settings.database_url.get_secret_value(), schema="ingest", scripts=scripts))
    except (OSError, asyncpg.PostgresError) as exc:
        sys.stderr.write(f"ingest migrate: the database does not answer: {type(exc).__name__}\n")
        return 1
    return 0
