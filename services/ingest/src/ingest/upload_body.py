"""A multipart body as it streams in: the file to a temporary file and to the store, counted and hashed, fields kept."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from feuilleton.contracts.job_settings import JobSettings
from ingest.errors import FileTooLargeError, InvalidBodyError, InvalidSettingsError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # exists for type checkers only

FORCE = "force"
"""The field that asks for a new job even where the same was done before."""
_FIELD_LIMIT_BYTES = 200
_HEADER_LIMIT_BYTES = 4096
_HEADERS_LIMIT = 20
_NAME_LIMIT = 200
_OVERHEAD_BYTES = 64 * 1024  # boundaries, headers and fields around the file
_FIELDS = {*JobSettings.model_fields, FORCE}


@dataclass(frozen=True)
class FormNames:
    """How a form calls its parts: the file, fields under names of their own, and fields that are not looked at. All
    other fields have the names of a job's settings.
    """

    file: str = "file"
    renamed: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def meaning(self, name: str) -> str | None:
        """What the part is to us: `file`, a field, nothing (empty), or None where there is no such part."""
        if name == self.file:
            return "file"
        known = self.renamed.get(name, name)
        if known in _FIELDS:
            return known
        return "" if name in self.unread else None


UPLOAD_FORM = FormNames()


@dataclass
class ReceivedFile:
    """What came in. Complete only when the stream has ended."""

    name: str = ""
    size_bytes: int = 0
    sha256: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _Form:
    """Takes the events of the multipart parser: bytes of the file until they are taken, and whole fields."""

    def __init__(self, names: FormNames) -> None:
        self.files = 0
        self.file_ended = False
        self.file_name = ""
        self.fields: dict[str, str] = {}
        self._names = names
        self._header: dict[str, bytes] = {"field": b"", "value": b""}
        self._headers: dict[bytes, bytes] = {}
        self._part = ""
        self._value = b""
        self._pieces: list[bytes] = []

    def take(self) -> bytes:
        """The bytes of the file that came since the last call."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_to_header("field", data[start:end]),
            "on_header_value": lambda data, start, end: self._add_to_header("value", data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._name_part,
            "on_part_data": lambda data, start, end: self._add(data[start:end]),
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._headers, self._value = {}, b""

    def _add_to_header(self, which: str, piece: bytes) -> None:
        self._header[which] += piece
        if len(self._header[which]) > _HEADER_LIMIT_BYTES or len(self._headers) > _HEADERS_LIMIT:
            raise InvalidBodyError("a part has too long headers")

    def _end_header(self) -> None:
        self._headers[self._header["field"].lower()] = self._header["value"]
        self._header = {"field": b"", "value": b""}

    def _name_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode(errors="replace")
        meaning = self._names.meaning(name)
        if meaning is None:
            raise InvalidSettingsError([{"field": name[:100], "message": "no such field"}])
        self._part = meaning
        if self._part == "file":
            self.files += 1
            self.file_name = options.get(b"filename", b"").decode(errors="replace")
        if self.files > 1:
            raise InvalidBodyError(f"there is more than one part `{self._names.file}`")

    def _add(self, piece: bytes) -> None:
        if self._part == "file":
            self._pieces.append(piece)
            return
        self._value += piece
        if len(self._value) > _FIELD_LIMIT_BYTES:
            raise InvalidBodyError("a form field is too long")

    def _end(self) -> None:
        if self._part == "file":
            self.file_ended = True
        elif self._part and self._value:
            self.fields[self._part] = self._value.decode(errors="replace")


class UploadBody:
    """Reads one request body. `limit_bytes` is of the file; `idle_seconds` the longest wait for the next piece."""

    def __init__(
        self, content_type: str, *, limit_bytes: int, idle_seconds: float, form: FormNames = UPLOAD_FORM
    ) -> None:
        if not content_type.lower().startswith("multipart/form-data"):
            raise InvalidBodyError(f"the body must be multipart/form-data with a part `{form.file}`")
        self.received = ReceivedFile()
        self._limit_bytes = limit_bytes
        self._least_bytes = 0
        self._idle_seconds = idle_seconds
        self._names = form
        self._form = _Form(form)
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise InvalidBodyError("the multipart boundary is missing")
        try:
            self._parser = MultipartParser(boundary, self._form.callbacks())
        except FormParserError as exc:
            raise InvalidBodyError("the multipart boundary is none") from exc

    @property
    def least_bytes(self) -> int:
        """What the file has at least, as far as Content-Length tells before a byte is read."""
        return self._least_bytes

    def refuse_early(self, content_length: str | None) -> None:
        """Raise FileTooLargeError where Content-Length alone tells, before a byte is read."""
        if not (content_length and content_length.isascii() and content_length.isdigit()):
            return
        self._least_bytes = max(0, int(content_length) - _OVERHEAD_BYTES)
        if self._least_bytes > self._limit_bytes:
            raise self._too_large()

    async def file_parts(self, stream: AsyncIterator[bytes], copy: IO[bytes]) -> AsyncIterator[bytes]:
        """The bytes of the file as they come, written to `copy` too. After the last one `received` is whole.

        Raises FileTooLargeError as soon as the limit is crossed, InvalidBodyError.
        """
        digest = hashlib.sha256()
        body_bytes = 0
        async for piece in self._timed(stream):
            body_bytes += len(piece)
            if body_bytes > self._limit_bytes + _OVERHEAD_BYTES:
                raise self._too_large()
            part = self._feed(piece)
            if not part:
                continue
            self.received.size_bytes += len(part)
            if self.received.size_bytes > self._limit_bytes:
                raise self._too_large()
            digest.update(part)
            await asyncio.to_thread(copy.write, part)
            yield part
        self._finish(digest.hexdigest())

    def _feed(self, piece: bytes) -> bytes:
        try:
            self._parser.write(piece)
        except FormParserError as exc:
            raise InvalidBodyError("the multipart body is broken") from exc
        return self._form.take()

    def _finish(self, sha256: str) -> None:
        if not self._form.files:
            raise InvalidBodyError(f"the part `{self._names.file}` is missing")
        if not self._form.file_ended:
            raise InvalidBodyError("the body ended inside the file")
        self.received.sha256 = sha256
        self.received.name = _display_name(self._form.file_name)
        self.received.fields = self._form.fields

    async def _timed(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        pieces = aiter(stream)
        while True:
            try:
                yield await asyncio.wait_for(anext(pieces), self._idle_seconds)
            except StopAsyncIteration:
                return
            except TimeoutError as exc:
                raise InvalidBodyError("the body stopped coming", code="body_timeout") from exc

    def _too_large(self) -> FileTooLargeError:
        return FileTooLargeError(f"The file is over the limit of {self._limit_bytes} bytes.")


def _display_name(name: str | None) -> str:
    """The client's file name for display: the last part, printable, bounded. It is never used as a path."""
    last = unquote(name or "").replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip()
    return printable[:_NAME_LIMIT] or "book.pdf"


def temporary_copy() -> IO[bytes]:
    """A local file for the inspection. It has no name, so nothing of it is left however this process ends."""
    return tempfile.TemporaryFile()


def path_of(copy: IO[bytes]) -> Path:
    """Where other processes of ours find the copy, as long as it is open here."""
    copy.flush()
    return Path(f"/proc/{os.getpid()}/fd/{copy.fileno()}")
