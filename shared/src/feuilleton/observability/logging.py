"""Logs: a constant event name, data as fields, JSON lines in production. Book text and file names never."""

import logging
import sys
from typing import Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console"]
_LOUD_LIBRARIES = (
    "aiokafka",
    "faust",
    "mode",
    "httpx",  # it tells each URL, and one of a webhook may hold its receiver's key
    "httpcore",
    "httpx2",
    "httpcore2",
    "google_genai",
    "uvicorn.access",
    "alembic",
)


def configure_logging(service: str, *, level: str = "INFO", fmt: LogFormat = "json") -> None:
    """Send our logs and those of libraries through one formatter to stderr. Call once, first in main."""

    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_service,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(shared, fmt))
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _formatter(shared: list[Processor], fmt: LogFormat) -> logging.Formatter:
    """Traces without the values of their frames, which are book text, file names and keys."""
    ends: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if fmt == "json":
        traces = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        ends += [traces, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        ends += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ends)


class RepeatFilter(logging.Filter):
    """Lets a library say a thing at most once in `gap_seconds`: aiokafka floods while a broker is away."""

    def __init__(self, gap_seconds: float = 10.0, *, places: int = 1000) -> None:
        super().__init__()
        self._gap_seconds = gap_seconds
        self._places = places
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_LOUD_LIBRARIES):
            return True
        place = (record.pathname, record.lineno)
        last = self._last.get(place)
        if last is not None and record.created - last < self._gap_seconds:
            return False
        if len(self._last) >= self._places:
            self._last.clear()
        self._last[place] = record.created
        return True
