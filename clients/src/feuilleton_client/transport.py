"""HTTP with retries: every answer becomes a typed model or a ClientError."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import httpx
from httpx_sse import EventSource
from pydantic import BaseModel, ValidationError

from feuilleton_client.errors import Problem, ProblemError, UnavailableError, UnexpectedAnswerError
from feuilleton_client.models import Item, Page
from feuilleton_client.retry import RETRYABLE_STATUSES, Pacing, Retries, RetryPolicy, parse_retry_after

Answer = TypeVar("Answer", bound=BaseModel)
Build = Callable[[httpx.Client], httpx.Request]


class Sink(Protocol):
    """Where the bytes of a download go. `begin` comes before the first byte of each try."""

    def begin(self) -> None: ...

    def write(self, part: bytes) -> None: ...

    @property
    def written(self) -> int: ...


MAX_PROBLEM_BYTES = 64 * 1024  # a refusal is short; more than this is not one of ours


class Transport:
    """One connection pool. Not for use by several threads at once: watching holds a connection."""

    def __init__(self, http: httpx.Client, *, policy: RetryPolicy, pacing: Pacing) -> None:
        self._http = http
        self._policy = policy
        self._pacing = pacing

    def close(self) -> None:
        self._http.close()

    def retries(self) -> Retries:
        return Retries(self._policy, self._pacing)

    def read(self, model: type[Answer], method: str, url: str, **query: str | int | Sequence[str] | None) -> Answer:
        """Ask and parse, with retries. Only for what may be repeated.

        Raises ProblemError, UnavailableError, UnexpectedAnswerError.
        """
        params = {name: value for name, value in query.items() if value is not None}
        return parse(model, self.send(lambda http: http.build_request(method, url, params=params)))

    def pages(
        self, model: type[Page[Item]], url: str, *, limit: int, **query: str | int | Sequence[str] | None
    ) -> Iterator[Item]:
        """The items of a list, read page by page as they are asked for. Raises as `read`."""
        cursor: str | None = None
        while True:
            page = self.read(model, "GET", url, limit=limit, cursor=cursor, **query)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def send(self, build: Build, *, also_retry: frozenset[str] = frozenset()) -> httpx.Response:
        """Send what `build` makes (anew for each try) until it is answered for good.

        `also_retry` names problem codes that are worth another try besides the retryable statuses.
        """
        retries = self.retries()
        while True:
            try:
                return self._once(build(self._http))
            except httpx.TransportError as exc:
                lost = unavailable(exc)
                if not retries.wait(lost):
                    raise lost from exc
            except ProblemError as exc:
                retryable = exc.status in RETRYABLE_STATUSES or exc.code in also_retry
                if not retryable or not retries.wait(exc, exc.retry_after_seconds):
                    raise

    def send_once(self, build: Build) -> httpx.Response:
        """One try, for what must not be done twice. Raises ProblemError, UnavailableError: then nobody knows."""
        try:
            return self._once(build(self._http))
        except httpx.TransportError as exc:
            raise unavailable(exc) from exc

    def download(self, build: Build, sink: Sink) -> int:
        """Write the body of the answer to `sink`, with retries, each from the beginning. Returns how many bytes.

        Raises as `read`, and what the sink raises.
        """
        retries = self.retries()
        while True:
            try:
                return self._download_once(build(self._http), sink)
            except httpx.TransportError as exc:
                lost = unavailable(exc)
                if not retries.wait(lost):
                    raise lost from exc
            except ProblemError as exc:
                if exc.status not in RETRYABLE_STATUSES or not retries.wait(exc, exc.retry_after_seconds):
                    raise

    def _download_once(self, request: httpx.Request, sink: Sink) -> int:
        response = self._http.send(request, stream=True)
        try:
            raise_for_problem(response)
            sink.begin()
            for part in response.iter_bytes():
                sink.write(part)
        finally:
            response.close()
        return sink.written

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str], *, idle_seconds: float) -> Iterator[EventSource]:
        """Open a stream of server-sent events, one try. Raises httpx.TransportError and ProblemError.

        `idle_seconds` without a byte (the server's heartbeats count) is a ReadTimeout.
        """
        timeout = httpx.Timeout(10.0, read=idle_seconds)
        wanted = {"Accept": "text/event-stream", "Cache-Control": "no-store", **headers}
        with self._http.stream("GET", url, headers=wanted, timeout=timeout) as response:
            raise_for_problem(response)
            yield EventSource(response)

    def _once(self, request: httpx.Request) -> httpx.Response:
        response = self._http.send(request)
        raise_for_problem(response)
        return response


def raise_for_problem(response: httpx.Response) -> None:
    """Raise ProblemError unless the answer is a success. Reads the body of a refusal."""
    if response.is_success:
        return
    retry_after = parse_retry_after(response.headers.get("retry-after"))
    raise ProblemError(_problem(response), retry_after_seconds=retry_after)


def _problem(response: httpx.Response) -> Problem:
    """The refusal's body, or a stand-in with code `http_<status>` where it is not problem JSON."""
    status, code = response.status_code, f"http_{response.status_code}"
    stand_in = Problem(status=status, code=code, title=response.reason_phrase)
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return stand_in
    body = b"".join(_at_most(response.iter_bytes(), MAX_PROBLEM_BYTES))
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return stand_in
    return problem.model_copy(update={"status": status, "code": problem.code or code})


def _at_most(parts: Iterator[bytes], limit: int) -> Iterator[bytes]:
    for part in parts:
        limit -= len(part)
        if limit < 0:
            return
        yield part


def parse(model: type[Answer], response: httpx.Response) -> Answer:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as exc:
        fields = ", ".join(".".join(map(str, error["loc"])) or "body" for error in exc.errors()[:3])
        raise UnexpectedAnswerError(f"{response.url} answered something else than expected: {fields}") from exc


def unavailable(cause: httpx.TransportError) -> UnavailableError:
    where = f"{cause.request.url.scheme}://{cause.request.url.netloc.decode()}"
    return UnavailableError(f"no answer from {where}: {str(cause) or type(cause).__name__}")


def wanted_wait(error: Exception) -> float | None:
    """The server's own Retry-After in seconds, where the error carries one."""
    return error.retry_after_seconds if isinstance(error, ProblemError) else None
