"""A multipart body as it streams in: the file to a temporary file and to the store, counted and hashed, fields kept."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from streaming_form_data import StreamingFormDataParser
from streaming_form_data.parser import ParseFailedException, UnexpectedPartException
from streaming_form_data.targets import BaseTarget, ValueTarget
from streaming_form_data.validators import MaxSizeValidator, ValidationError

from feuilleton.contracts.job_settings import JobSettings
from ingest.errors import FileTooLargeError, InvalidBodyError, InvalidSettingsError

_FIELD_LIMIT_BYTES = 200
_NAME_LIMIT = 200
_OVERHEAD_BYTES = 64 * 1024  # boundaries, headers and fields around the file


@dataclass
class ReceivedFile:
    """What came in. Complete only when the stream has ended."""

    name: str = ""
    size_bytes: int = 0
    sha256: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _FileTarget(BaseTarget):  # type: ignore[misc]  # the library has no types
    """Holds the bytes of the file that one piece of the body brought, until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = 0
        self.whole = False
        self._pieces: list[bytes] = []

    def on_start(self) -> None:
        self.parts += 1

    def on_finish(self) -> None:
        self.whole = True

    def on_data_received(self, chunk: bytes) -> None:
        self._pieces.append(bytes(chunk))

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class UploadBody:
    """Reads one request body. `limit_bytes` is of the file; `idle_seconds` the longest wait for the next piece."""

    def __init__(self, content_type: str, *, limit_bytes: int, idle_seconds: float) -> None:
        if not content_type.lower().startswith("multipart/form-data"):
            raise InvalidBodyError("the body must be multipart/form-data with a part `file`")
        self.received = ReceivedFile()
        self._limit_bytes = limit_bytes
        self._idle_seconds = idle_seconds
        self._file = _FileTarget()
        self._values = {name: ValueTarget(MaxSizeValidator(_FIELD_LIMIT_BYTES)) for name in JobSettings.model_fields}
        try:
            self._parser = StreamingFormDataParser(headers={"Content-Type": content_type}, strict=True)
        except ParseFailedException as exc:
            raise InvalidBodyError("the multipart boundary is missing") from exc
        self._parser.register("file", self._file)
        for name, target in self._values.items():
            self._parser.register(name, target)

    def refuse_early(self, content_length: str | None) -> None:
        """Raise FileTooLargeError where Content-Length alone tells, before a byte is read."""
        if content_length and content_length.isdigit() and int(content_length) > self._limit_bytes + _OVERHEAD_BYTES:
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
            self._parser.data_received(piece)
        except ValidationError as exc:
            raise InvalidBodyError("a form field is too long") from exc
        except UnexpectedPartException as exc:
            raise InvalidSettingsError([{"field": str(exc.part_name)[:100], "message": "no such field"}]) from exc
        except ParseFailedException as exc:
            raise InvalidBodyError("the multipart body is broken") from exc
        if self._file.parts > 1:
            raise InvalidBodyError("there is more than one part `file`")
        return self._file.take()

    def _finish(self, sha256: str) -> None:
        if not self._file.parts:
            raise InvalidBodyError("the part `file` is missing")
        if not self._file.whole:
            raise InvalidBodyError("the body ended inside the file")
        self.received.sha256 = sha256
        self.received.name = _display_name(self._file.multipart_filename)
        for name, target in self._values.items():
            if target.value:
                self.received.fields[name] = target.value.decode(errors="replace")

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
