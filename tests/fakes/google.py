"""As much of Google Drive and Sheets as an export needs, over HTTP: tokens, folders, grids with limits, faults."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_RANGE = re.compile(r"(?P<sheet>.+)!A(?P<row>\d+)")


@dataclass
class File:
    """A spreadsheet with its one sheet, which is called as a French user finds it."""

    name: str
    parents: list[str]
    sheet: str = "Feuille 1"
    rows: int = 1000
    columns: int = 26
    frozen: int = 0
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)

    def table(self) -> list[list[Any]]:
        height = max((row for row, _ in self.cells), default=0)
        width = max((column for _, column in self.cells), default=0)
        return [[self.cells.get((row, column), "") for column in range(1, width + 1)] for row in range(1, height + 1)]


@dataclass
class GoogleState:
    """`faults` are answers (status, reason) that come before the next ones, by "METHOD path" as a pattern."""

    tokens: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    files: dict[str, File] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    made: int = 0


class Refusal(Exception):  # noqa: N818
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"null")
        parts = urlsplit(self.path)
        route = f"{self.command} {unquote(parts.path)}"
        self.server.google.asked.append(self.path)
        try:
            self._check(route)
            answer = self._act(route, parse_qs(parts.query), body)
        except Refusal as refusal:
            error = {
                "code": refusal.status,
                "message": f"about {refusal.reason}",
                "errors": [{"reason": refusal.reason, "message": f"about {refusal.reason}"}],
            }
            self._send(refusal.status, {"error": error})
        else:
            self._send(204 if answer is None else 200, answer)

    def _check(self, route: str) -> None:
        google = self.server.google
        for fault in google.faults:
            pattern, status, reason = fault
            if re.search(pattern, route):
                google.faults.remove(fault)
                raise Refusal(status, reason)
        if self.headers.get("authorization", "").removeprefix("Bearer ") not in google.tokens:
            raise Refusal(401, "authError")

    def _act(self, route: str, query: dict[str, list[str]], body: Any) -> Any:
        google = self.server.google
        if route == "POST /drive/v3/files":
            return self._create(body)
        if found := re.fullmatch(r"DELETE /drive/v3/files/(\w+)", route):
            if google.files.pop(found[1], None) is None:
                raise Refusal(404, "notFound")
            return None
        if found := re.fullmatch(r"GET /v4/spreadsheets/(\w+)", route):
            self._file(found[1])
            return {"sheets": [{"properties": {"sheetId": 0}}]}
        if found := re.fullmatch(r"POST /v4/spreadsheets/(\w+):batchUpdate", route):
            return self._lay_out(self._file(found[1]), body)
        if found := re.fullmatch(r"PUT /v4/spreadsheets/(\w+)/values/(.+)", route):
            return self._write(self._file(found[1]), found[2], query, body)
        raise Refusal(404, "notFound")

    def _file(self, name: str) -> File:
        try:
            return self.server.google.files[name]
        except KeyError:
            raise Refusal(404, "notFound") from None

    def _create(self, body: dict[str, Any]) -> dict[str, str]:
        google = self.server.google
        assert body["mimeType"] == SPREADSHEET
        parents = body.get("parents", ["root"])
        if not set(parents) <= google.folders | {"root"}:
            raise Refusal(404, "notFound")
        google.made += 1
        name = f"sheet{google.made}"
        google.files[name] = File(body["name"], parents)
        return {"id": name, "webViewLink": f"https://docs.google.com/spreadsheets/d/{name}/edit"}

    def _lay_out(self, file: File, body: dict[str, Any]) -> dict[str, Any]:
        (request,) = body["requests"]
        properties = request["updateSheetProperties"]["properties"]
        grid = properties["gridProperties"]
        if grid["frozenRowCount"] >= grid["rowCount"] or grid["rowCount"] * grid["columnCount"] > 10_000_000:
            raise Refusal(400, "badRequest")
        file.sheet, file.rows, file.columns = properties["title"], grid["rowCount"], grid["columnCount"]
        file.frozen = grid["frozenRowCount"]
        return {}

    def _write(self, file: File, where: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        place = _RANGE.fullmatch(where)
        if place is None or place["sheet"] != file.sheet:
            raise Refusal(400, "badRequest")
        first = int(place["row"])
        raw = query["valueInputOption"] == ["RAW"]
        for row, values in enumerate(body["values"], first):
            for column, value in enumerate(values, 1):
                if row > file.rows or column > file.columns or len(str(value)) > 50_000:
                    raise Refusal(400, "badRequest")
                runs = isinstance(value, str) and value[:1] in "=+-'" and not raw
                file.cells[row, column] = "#RUN" if runs else value
        return {"updatedRows": len(body["values"])}

    def _send(self, status: int, answer: Any) -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, google: GoogleState) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.google = google


@contextmanager
def google_server(google: GoogleState) -> Iterator[str]:
    """Its address while the block runs."""
    server = _Server(google)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
