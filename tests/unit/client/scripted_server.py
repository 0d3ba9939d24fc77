"""A real HTTP server on loopback that answers as a test tells it to, and keeps what it was asked."""

import json
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Answer:
    """A whole answer. With `hang_up` the connection is cut instead, after the request was read; with `cut_after`, so
    many bytes into the body.
    """

    status: int = 200
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json"
    hang_up: bool = False
    cut_after: int | None = None


@dataclass(frozen=True)
class Events:
    """A stream of (id, data) events, then the end of the stream; `cut` breaks it off instead.

    `released`, if given, is waited for before the stream ends, so that a test decides when.
    """

    events: tuple[tuple[str, object], ...] = ()
    cut: bool = False
    released: threading.Event | None = None


Step = Answer | Events


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """Per "METHOD path", what comes next; the last step is repeated for ever. An unscripted route is a 404."""

    steps: dict[str, list[Step]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    served: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def on(self, route: str, *steps: Step) -> None:
        self.steps[route] = list(steps)

    def next_step(self, route: str) -> Step:
        with self.lock:
            steps = self.steps.get(route)
            if not steps:
                return Answer(404, problem(404, "job_not_found"), media_type="application/problem+json")
            position = min(self.served[route], len(steps) - 1)
            self.served[route] += 1
            return steps[position]

    def requests(self, route: str) -> list[Asked]:
        return [asked for asked in self.asked if f"{asked.method} {asked.path}" == route]


def problem(status: int, code: str, **more: object) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": "Refused",
        "status": status,
        "code": code,
        "detail": f"about {code}",
        **more,
    }


def refusal(status: int, code: str, *, retry_after: str | None = None, **more: object) -> Answer:
    headers = (("Retry-After", retry_after),) if retry_after else ()
    return Answer(status, problem(status, code, **more), headers, "application/problem+json")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        self.server.script.asked.append(asked)
        step = self.server.script.next_step(f"{self.command} {parts.path}")
        if isinstance(step, Events):
            self._stream(step)
        elif step.hang_up:
            self._hang_up()
        else:
            self._whole(step)

    def _whole(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: answer.cut_after])
        if answer.cut_after is not None:
            self._hang_up()

    def _stream(self, events: Events) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for name, data in events.events:
            self._chunk(f"id: {name}\ndata: {json.dumps(data)}\n\n".encode())
        if events.released is not None:
            events.released.wait(20)
        if events.cut:
            self._hang_up()
        else:
            self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, *_: object) -> None:
        """A client that went away is part of the tests."""


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The server's address while the block runs."""
    server = _Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
