"""A job's changes as server-sent events: from the log of the projection, resumable, until the job ended."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import anyio
import structlog
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from feuilleton.contracts.errors import InvalidInputError, PipelineError, TransientError
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobStatus
from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.observability import metrics
from feuilleton.streaming.kafka import partition_for
from status_api.models import ChangeView, JobView, job_view
from status_api.ports import Bell, JobReader, LoggedChange, Wakeups
from status_api.public_events import public_data, public_name

_BATCH = 200
_NAP_SECONDS = 0.5
_LOOK_EVERY_NAPS = 10  # a lost wake-up costs this much
_CLOSING_SECONDS = 2.0
_RECONNECT_MS = 1000
_SEND_TIMEOUT_SECONDS = 30.0
_LONGEST_NUMBER = 19
log = structlog.get_logger(__name__)


class InvalidEventIdError(InvalidInputError):
    """Last-Event-ID is none that this stream gave out."""

    code = "invalid_event_id"


class TooManyStreamsError(PipelineError):
    """Come again when another stream has ended."""

    code = "too_many_streams"

    def __init__(self) -> None:
        super().__init__("too many event streams are open")
        self.headers = {"Retry-After": "5"}


class Slots:
    """How many streams are open, and how many may be."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0

    def take(self) -> None:
        """Raises TooManyStreamsError."""
        if self._open >= self._limit:
            raise TooManyStreamsError
        self._open += 1
        metrics.STREAMS_OPEN.set(self._open)

    def give_back(self) -> None:
        self._open -= 1
        metrics.STREAMS_OPEN.set(self._open)


class JobEvents(EventSourceResponse):
    """The response. It holds a slot from the moment it is made until it was served, and must be returned.

    `events` gets an event that is set when the process stops; the stream should end soon then.
    """

    def __init__(
        self,
        events: Callable[[anyio.Event], AsyncIterator[ServerSentEvent]],
        slots: Slots,
        *,
        heartbeat_seconds: float,
    ) -> None:
        closing = anyio.Event()
        super().__init__(
            events(closing),
            shutdown_event=closing,
            shutdown_grace_period=_CLOSING_SECONDS,
            ping=heartbeat_seconds,
            ping_message_factory=lambda: ServerSentEvent(comment="still here", sep="\n"),
            send_timeout=_SEND_TIMEOUT_SECONDS,
        )
        slots.take()
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._slots.give_back()


def parse_event_id(text: str, job: JobId) -> int:
    """The offset in a Last-Event-ID (`partition-offset`). Raises InvalidEventIdError for another job's."""
    partition, dash, offset = text.partition("-")
    numbers = (partition, offset)
    if not dash or not all(part.isascii() and part.isdigit() and len(part) < _LONGEST_NUMBER for part in numbers):
        raise InvalidEventIdError("Last-Event-ID must be an id of this stream")
    if int(partition) != partition_for(job.encode(), JOB_EVENTS.partitions):
        raise InvalidEventIdError("Last-Event-ID is of another job")
    return int(offset)


async def job_events(
    reader: JobReader, wakeups: Wakeups, tenant: TenantId, job: JobId, after: int, closing: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """Changes above offset `after`, then as they come; `end` is the last, once the highest attempt ended.

    When the database or this process goes away the stream closes: the client comes back with the last id it saw.
    """
    with wakeups.listen(job) as bell:
        while not closing.is_set():
            try:
                page = await reader.changes(tenant, job, after=after, limit=_BATCH)
            except TransientError as exc:
                log.warning("stream_broken_off", code=exc.code)
                return
            for change in page.changes:
                after = change.offset
                yield _event(job, change)
            # Rows behind what the client saw are being rebuilt: their state is an old one.
            up_to_date = page.job is not None and not page.more and page.job.last_offset >= after
            if page.job is not None and up_to_date and page.job.state.status.ended:
                yield _last_event(job_view(page.job, page.job.highest, datetime.now(UTC)))
                return
            if not page.more:
                await _wait(bell, closing)


async def _wait(bell: Bell, closing: anyio.Event) -> None:
    for _ in range(_LOOK_EVERY_NAPS):
        if closing.is_set() or await bell.wait(_NAP_SECONDS):
            return


def _event(job: JobId, change: LoggedChange) -> ServerSentEvent:
    name = public_name(change.type)
    view = ChangeView(
        type=name,
        job=job,
        attempt=change.attempt,
        time=change.time,
        status=JobStatus(change.status),
        progress_percent=change.progress_percent,
        eta_seconds=change.eta_seconds,
        data=public_data(change.data),
    )
    return ServerSentEvent(
        view.model_dump_json(), event=name, id=f"{change.partition}-{change.offset}", retry=_RECONNECT_MS, sep="\n"
    )


def _last_event(job: JobView) -> ServerSentEvent:
    """Without an id: who misses it resumes after the end that came before, and gets it again."""
    return ServerSentEvent(job.model_dump_json(), event="end", sep="\n")
