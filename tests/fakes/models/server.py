"""A model's server over real HTTP on the loopback address, for tests and the demo. See FakeGemini, FakeOpenAI."""

import asyncio
import contextlib
import hashlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import ClassVar, Self

import uvicorn
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from tests.fakes.models.plan import Fault, Plan
from tests.fakes.models.speech import Ask, Dialect, Reply, faulty_speech, good_speech, recorded_speech

TRICKLE_SECONDS = 0.05


class Stats(BaseModel):
    """What was asked of the server. `paid` calls are those answered 200; `paid_again` were paid before with the
    same bytes; `aborted` calls were given up by the client before an answer.
    """

    calls: int = 0
    paid: int = 0
    paid_again: int = 0
    aborted: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    sentences: int = 0
    pages: int = 0
    faults: dict[str, int] = Field(default_factory=dict)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals to the process."""
        yield


class FakeModel:
    """The server as an async context manager. `plan` may be replaced at any time.

        async with FakeGemini(Plan(latency_seconds=5)) as gemini:
            gemini.url, gemini.stats, gemini.plan = Plan(...)

    From outside: `GET /stats`, `POST /stats/reset`, `PUT /plan` (a Plan as JSON). `asks` is what came in.
    """

    dialect: ClassVar[Dialect]
    needs_key: ClassVar[bool] = True

    def __init__(self, plan: Plan | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.stats = Stats()
        self.asks: list[Ask] = []
        self._address = (host, port)
        self._seen: Counter[bytes] = Counter()
        self._paid: set[bytes] = set()
        self._moved = asyncio.Condition()
        self.plan = plan or Plan()
        routes = [
            Route("/stats", self._get_stats),
            Route("/stats/reset", self._reset, methods=["POST"]),
            Route("/plan", self._put_plan, methods=["PUT"]),
            Route(self.dialect.path, self._generate, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
            # Longer than any wait of a test: a line that closes as a client takes it up would be a fault of its own.
            timeout_keep_alive=120,
        )
        self._server = _Server(config)

    @property
    def plan(self) -> Plan:
        return self._plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._plan = plan
        self._queue = list(plan.faults)

    @property
    def url(self) -> str:
        host, port = self._address
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        # Named TCP, or asyncio leaves Nagle's algorithm on and each answer waits 40 ms for an acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._address)
        self._address = listener.getsockname()
        self._task = asyncio.create_task(self._server.serve([listener]))
        await self._server.ready.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task

    async def wait_until(self, condition: Callable[[Stats], bool]) -> None:
        """Return when a call that came or went has made `condition` true. For tests in the server's own process."""
        async with self._moved:
            await self._moved.wait_for(lambda: condition(self.stats))

    async def _get_stats(self, _: Request) -> Response:
        return JSONResponse(self.stats.model_dump())

    def reset(self, plan: Plan | None = None) -> None:
        """Start counting from zero, with another plan."""
        self.stats = Stats(in_flight=self.stats.in_flight)
        self._paid.clear()
        self._seen.clear()
        self.asks.clear()
        self.plan = plan or Plan()

    async def _reset(self, _: Request) -> Response:
        self.reset(self.plan)
        return JSONResponse(self.stats.model_dump())

    async def _put_plan(self, request: Request) -> Response:
        try:
            self.plan = Plan.model_validate_json(await request.body())
        except ValidationError as exc:
            return PlainTextResponse(str(exc), 422)
        self._seen.clear()  # what a plan draws may not hang on how many calls came before it
        return JSONResponse(self.plan.model_dump(mode="json"))

    async def _generate(self, request: Request) -> Response:
        body = await request.body()
        self.stats.calls += 1
        self._seen[_digest(body)] += 1
        await self._move(+1)
        try:
            return await self._answer(request, body)
        finally:
            await self._move(-1)

    async def _move(self, step: int) -> None:
        self.stats.in_flight += step
        self.stats.peak_in_flight = max(self.stats.peak_in_flight, self.stats.in_flight)
        async with self._moved:
            self._moved.notify_all()

    async def _answer(self, request: Request, body: bytes) -> Response:
        key = self.dialect.key_of(dict(request.headers))
        try:
            ask = self.dialect.read_request(body, request.url.path)
        except (ValueError, KeyError, TypeError):
            return _http(self._reply(Ask({}), Fault.BAD_REQUEST, key))
        self.asks.append(ask)
        fault = self._choose_fault(ask, body, key)
        if fault is not None:
            self.stats.faults[fault] = self.stats.faults.get(fault, 0) + 1
        waiting = float("inf") if fault is Fault.HANG else self._latency_seconds(body)
        if not await _client_waits(request, waiting):
            self.stats.aborted += 1
            return Response(status_code=499)
        if fault is Fault.TRICKLE:
            return _Trickle()
        if fault is Fault.DISCONNECT:
            return _Disconnect()
        reply = self._refusal(ask) or self._reply(ask, fault, key)
        self._count(reply, ask, body)
        return _http(reply)

    def _latency_seconds(self, body: bytes) -> float:  # noqa: ARG002  (for those whose calls differ)
        return self.plan.latency_seconds

    def _refusal(self, ask: Ask) -> Reply | None:  # noqa: ARG002  (for protocols that have one)
        """What this server does not take, before any model is asked."""
        return None

    def _reply(self, ask: Ask, fault: Fault | None, key: str) -> Reply:
        error = self.dialect.refuse(fault, ask, self.plan, key) if fault else None
        if error is not None:
            return error
        if fault:
            return self.dialect.say(ask, faulty_speech(fault, ask))
        if not self.plan.recordings:
            return self.dialect.say(ask, good_speech(ask))
        recorded = recorded_speech(ask, self.plan.recordings)
        return self._reply(ask, Fault.BAD_REQUEST, key) if recorded is None else self.dialect.say(ask, recorded)

    def _choose_fault(self, ask: Ask, body: bytes, key: str) -> Fault | None:
        if not key and self.needs_key:
            return Fault.FORBIDDEN
        if self.plan.api_key is not None and key != self.plan.api_key:
            return Fault.BAD_KEY
        if self._queue:
            return self._queue.pop(0)
        for refusal in self.plan.refusals:
            if refusal.holds(ask.wanted.values(), ask.model):
                return refusal.fault
        return self.plan.draw(body, self._seen[_digest(body)])

    def _count(self, reply: Reply, ask: Ask, body: bytes) -> None:
        if not reply.paid:
            return
        stats = self.stats
        stats.paid += 1
        stats.paid_again += _digest(body) in self._paid
        self._paid.add(_digest(body))
        stats.prompt_tokens += ask.prompt_tokens
        stats.output_tokens += reply.output_tokens
        stats.thinking_tokens += reply.thinking_tokens
        stats.sentences += len(ask.wanted)
        stats.pages += ask.page


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _http(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type="application/json", headers={**reply.headers})


async def _client_waits(request: Request, seconds: float) -> bool:
    """Let `seconds` pass; False as soon as the client has gone."""
    if seconds <= 0:
        return True
    gone = asyncio.ensure_future(request.receive())
    timeout = None if seconds == float("inf") else seconds
    await asyncio.wait({gone}, timeout=timeout)
    if gone.done():
        return False
    gone.cancel()
    return True


class _Trickle(Response):
    """Spaces for ever: every read of the client succeeds, and no answer ever comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI's shape)
        await send(_start())
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.wait({gone}, timeout=TRICKLE_SECONDS)


class _Disconnect(Response):
    """A body shorter than announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI's shape)
        await send(_start((b"content-length", b"1000")))
        await send({"type": "http.response.body", "body": b'{"candidates": [', "more_body": True})
        raise ConnectionResetError("the plan says so")


def _start(*headers: tuple[bytes, bytes]) -> Message:
    return {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), *headers],
    }
