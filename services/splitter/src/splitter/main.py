"""Runs the splitter."""

import asyncio
import sys

import structlog

from feuilleton.observability.logging import configure_logging
from feuilleton.settings import load_settings
from splitter.bootstrap import build_worker
from splitter.handler import SERVICE
from splitter.settings import Settings
from splitter.work_folder import remove_leftovers

EXIT_FAILED = 70
log = structlog.get_logger(__name__)


async def _run(settings: Settings) -> int:
    return await build_worker(settings).run()


def main() -> None:
    """Exit with 0 after a stop that was asked for, else with another status."""
    settings = load_settings(Settings)
    configure_logging(SERVICE, level=settings.log_level, fmt=settings.log_format)
    try:
        log.info("leftovers_removed", books=remove_leftovers(settings.splitter_work_folder))
        sys.exit(asyncio.run(_run(settings)))
    except OSError as exc:
        log.exception("worker_stopped", exc_info=exc)
        sys.exit(EXIT_FAILED)
