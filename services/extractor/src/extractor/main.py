"""Runs the extractor."""

import asyncio
import sys

import structlog

from extractor.bootstrap import build_worker
from extractor.settings import Settings
from feuilleton.contracts.errors import LostInvariantError
from feuilleton.observability.logging import configure_logging
from feuilleton.settings import load_settings

EXIT_FAILED = 70
log = structlog.get_logger(__name__)


async def _run(settings: Settings) -> None:
    worker = build_worker(settings)
    await worker.run(settings.http_host, settings.http_port)


def main() -> None:
    """Exit with 0 after a stop that was asked for, 70 when the process could not keep its promises."""
    settings = load_settings(Settings)
    configure_logging("extractor", level=settings.log_level, fmt=settings.log_format)
    try:
        asyncio.run(_run(settings))
    except LostInvariantError as exc:
        log.exception("worker_stopped", code=exc.code, exc_info=exc)
        sys.exit(EXIT_FAILED)
    except OSError as exc:
        log.exception("worker_stopped", exc_info=exc)
        sys.exit(EXIT_FAILED)
