"""Runs one of the processes: `python -m status_api migrate|projector|webhooks|api`. `openapi` prints the document of
the API.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import asyncpg
import structlog
import uvicorn

from feuilleton.contracts.errors import LostInvariantError
from feuilleton.database.migrations import migrate
from feuilleton.http.serving import DrainingServer
from feuilleton.observability.logging import configure_logging
from feuilleton.settings import load_settings
from status_api import bootstrap
from status_api.adapters.database import SCRIPTS
from status_api.app import create_app
from status_api.settings import MigrateSettings, ProjectorSettings, StatusApiSettings, WebhooksSettings

_GRACE_SECONDS = 10
_LOST_INVARIANT = 3
log = structlog.get_logger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 done or told to stop, 1 a fault, 2 wrong settings, 3 a promise that cannot be kept."""
    runs: dict[str, Callable[[], int]] = {
        "migrate": run_migrate,
        "projector": run_projector,
        "webhooks": run_webhooks,
        "api": run_api,
        "openapi": print_openapi,
    }
    parser = argparse.ArgumentParser(prog="status_api")
    parser.add_argument("process", choices=sorted(runs))
    return runs[parser.parse_args(arguments).process]()


def run_migrate() -> int:
    settings = load_settings(MigrateSettings)
    try:
        for schema, scripts in SCRIPTS.items():
            asyncio.run(migrate(settings.database_url.get_secret_value(), schema=schema, scripts=scripts))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
        sys.stderr.write(f"migrate: {type(exc).__name__}: {exc}\n")
        return 1
    sys.stdout.write(f"migrate: schemas {', '.join(SCRIPTS)} are up to date\n")
    return 0


def run_projector() -> int:
    settings = load_settings(ProjectorSettings)
    configure_logging("status-api-projector", level=settings.log_level, fmt=settings.log_format)
    return _run_worker(bootstrap.projector(settings))


def run_webhooks() -> int:
    settings = load_settings(WebhooksSettings)
    configure_logging("status-api-webhooks", level=settings.log_level, fmt=settings.log_format)
    return _run_worker(bootstrap.webhooks(settings))


class Worker(Protocol):
    async def run(self) -> None:
        """Until cancelled."""
        ...


def _run_worker(built: AbstractAsyncContextManager[Worker]) -> int:
    try:
        asyncio.run(_work(built))
    except LostInvariantError as exc:
        log.error("stopped", code=exc.code, detail=exc.detail)  # noqa: TRY400 (its text says all)
        return _LOST_INVARIANT
    return 0


async def _work(built: AbstractAsyncContextManager[Worker]) -> None:
    """Run until a signal comes. A batch in flight is given up: its transaction rolls back, it is read again."""
    async with built as worker:
        running = asyncio.create_task(worker.run(), name="worker")
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, running.cancel)
        log.info("started")
        try:
            await running
        except asyncio.CancelledError:
            log.info("stopped")


def run_api() -> int:
    settings = load_settings(StatusApiSettings)
    configure_logging("status-api", level=settings.log_level, fmt=settings.log_format)
    asyncio.run(_serve(settings))
    return 0


def print_openapi() -> int:
    settings = load_settings(StatusApiSettings)
    configure_logging("status-api", level=settings.log_level, fmt=settings.log_format)

    async def document() -> dict[str, object]:
        async with bootstrap.api_parts(settings) as parts:
            return create_app(parts).openapi()

    json.dump(asyncio.run(document()), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


async def _serve(settings: StatusApiSettings) -> None:
    async with bootstrap.api_parts(settings) as parts:
        config = uvicorn.Config(
            create_app(parts),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        await DrainingServer(config, on_exit=parts.waits.close).serve()
