"""Following a job to its end: server-sent events that resume where they broke off, else polling."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import httpx
from httpx_sse import ServerSentEvent, SSEError
from pydantic import BaseModel, ConfigDict, ValidationError

from feuilleton_client.errors import ProblemError
from feuilleton_client.models import Job, JobStatus
from feuilleton_client.retry import RETRYABLE_STATUSES, Retries
from feuilleton_client.transport import Transport, unavailable, wanted_wait

# Statuses that say "no such stream here" (a proxy without streaming, an old server): polling still works.
NO_STREAM_STATUSES = frozenset({405, 406, 501})


@dataclass(frozen=True)
class WatchPolicy:
    """`idle_seconds` is three of the server's heartbeats. `fruitless_streams` in a row turn watching into polling."""

    idle_seconds: float = 45.0
    poll_seconds: float = 2.0
    refresh_seconds: float = 0.5
    fruitless_streams: int = 3


class _Change(BaseModel):
    """What is read of an event: whether it changes the state, so that no end waits for the next refresh."""

    model_config = ConfigDict(extra="ignore")
    status: JobStatus | None = None


class _NoStreamError(Exception):
    """There is no usable stream at that address."""


class Watch:
    """One watch. Iterating yields the job now and after each change that is seen, and stops at its end.

    Changes closer together than `refresh_seconds` are seen as one. `attempt` names the one to follow; without it, it
    is the highest at each look. Raises ProblemError, UnavailableError,
    UnexpectedAnswerError; a broken connection is no error as long as the retry policy allows another try.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        policy: WatchPolicy,
        *,
        sleep: Callable[[float], None],
        attempt: int | None = None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._attempt = attempt
        self._policy = policy
        self._sleep = sleep
        self._last_event_id = ""
        self._job: Job | None = None
        self._refreshed_at = -policy.refresh_seconds

    def __iter__(self) -> Iterator[Job]:
        yield from self._refreshed()
        try:
            yield from self._streamed()
        except _NoStreamError:
            yield from self._polled()

    @property
    def _ended(self) -> bool:
        return self._job is not None and self._job.status.ended

    def _refreshed(self) -> Iterator[Job]:
        """The job if it changed since the last look."""
        self._refreshed_at = time.monotonic()
        job = self._transport.read(Job, "GET", self._url, attempt=self._attempt)
        if job != self._job:
            self._job = job
            yield job

    def _streamed(self) -> Iterator[Job]:
        retries = self._transport.retries()
        fruitless = 0
        while not self._ended:
            before = self._last_event_id
            lost = yield from self._one_stream(retries)
            fruitless = 0 if self._last_event_id != before else fruitless + 1
            if fruitless >= self._policy.fruitless_streams:
                raise _NoStreamError
            if lost is not None and not self._ended and not retries.wait(lost, wanted_wait(lost)):
                raise _NoStreamError

    def _one_stream(self, retries: Retries) -> Generator[Job, None, Exception | None]:
        """One connection until it breaks (returns why), is closed, or the job ends."""
        headers = {"Last-Event-ID": self._last_event_id} if self._last_event_id else {}
        url = f"{self._url}/events" + (f"?attempt={self._attempt}" if self._attempt else "")
        try:
            with self._transport.stream(url, headers, idle_seconds=self._policy.idle_seconds) as source:
                for event in source.iter_sse():
                    retries.reset()
                    yield from self._heard(event)
                    if self._ended:
                        return None
        except SSEError as exc:  # a TransportError too, so it comes first
            raise _NoStreamError from exc
        except httpx.TransportError as exc:
            return unavailable(exc)
        except ProblemError as exc:
            return self._refused(exc)
        return None

    def _heard(self, event: ServerSentEvent) -> Iterator[Job]:
        self._last_event_id = event.id
        status = _status_in(event)
        known = self._job.status if self._job else None
        due = time.monotonic() - self._refreshed_at >= self._policy.refresh_seconds
        if due or status is None or status != known:
            yield from self._refreshed()

    def _refused(self, refusal: ProblemError) -> ProblemError:
        if refusal.status in NO_STREAM_STATUSES or refusal.code == "http_404":
            raise _NoStreamError from refusal
        if refusal.status not in RETRYABLE_STATUSES:
            raise refusal
        return refusal

    def _polled(self) -> Iterator[Job]:
        while not self._ended:
            self._sleep(self._policy.poll_seconds)
            yield from self._refreshed()


def _status_in(event: ServerSentEvent) -> JobStatus | None:
    try:
        return _Change.model_validate_json(event.data).status
    except ValidationError:
        return None
