"""Handing in a book: the settings of a job, and a body that is streamed from disk."""

import os
import uuid
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import httpx
from pydantic import BaseModel, ConfigDict

from feuilleton_client.models import Job
from feuilleton_client.transport import Answer, Transport, parse

SentBytes = Callable[[int, int], None]
"""Told (bytes sent, bytes of the file) while a file goes out; starts again from 0 when a try is repeated."""

# An upload whose connection broke may still run at the server: the same key is then refused for a while.
IN_PROGRESS_CODES = frozenset({"idempotency_key_in_use"})

# The answer comes only after the server has checked the PDF and written the job, so reading waits longer.
UPLOAD_TIMEOUT = httpx.Timeout(10.0, write=60.0, read=120.0)


class EngineChoice(StrEnum):
    AUTO = "auto"
    GEMINI = "gemini"
    OPENAI = "openai"
    LOCAL = "local"


class ModelTier(StrEnum):
    BALANCED = "balanced"
    QUALITY = "quality"
    SPEED = "speed"


class Confidence(StrEnum):
    BALANCED = "balanced"
    STRICT = "strict"


class JobOptions(BaseModel):
    """The settings of a job. None means the server's default, which is then not sent at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sentence_length_limit: int | None = None
    min_sentence_length: int | None = None
    ignore_dialogue: bool | None = None
    complete_only: bool | None = None
    include_matter: bool | None = None
    preserve_formatting: bool | None = None
    fix_hyphenation: bool | None = None
    model: ModelTier | None = None
    engine: EngineChoice | None = None
    confidence: Confidence | None = None
    pages: str | None = None

    def form(self) -> dict[str, str]:
        chosen = self.model_dump(mode="json", exclude_none=True)
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in chosen.items()}


def new_idempotency_key() -> str:
    return str(uuid.uuid4())


class _CountedFile:
    """A file that says how much of it was read. Reading is what httpx does while it sends."""

    def __init__(self, file: BinaryIO, total: int, sent: SentBytes) -> None:
        self._file = file
        self._total = total
        self._sent = sent

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sent(min(self._file.tell(), self._total), self._total)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


class Upload:
    """One file on its way to one job: every try sends the same bytes under the same key."""

    def __init__(self, path: Path, options: JobOptions, *, key: str, sent: SentBytes, force: bool = False) -> None:
        self._path = path
        self._form = {**options.form(), **({"force": "true"} if force else {})}
        self._key = key
        self._sent = sent

    def send(self, transport: Transport, url: str) -> Job:
        """Raises OSError for an unreadable file, ProblemError, UnavailableError, UnexpectedAnswerError."""
        return self.ask(transport, url, Job)

    def ask(self, transport: Transport, url: str, model: type[Answer]) -> Answer:
        """Send it to a route that answers something else. Raises as `send` does."""
        with self._path.open("rb") as file:
            total = self._path.stat().st_size

            def build(http: httpx.Client) -> httpx.Request:
                file.seek(0)
                body = _CountedFile(file, total, self._sent)
                return http.build_request(
                    "POST",
                    url,
                    data=self._form,
                    files={"file": (_shown_name(self._path), body, "application/pdf")},  # type: ignore[dict-item]
                    headers={"Idempotency-Key": self._key},
                    timeout=UPLOAD_TIMEOUT,
                )

            return parse(model, transport.send(build, also_retry=IN_PROGRESS_CODES))


def _shown_name(path: Path) -> str:
    """The file's name as UTF-8 even where the file system holds other bytes; it is for display only."""
    return os.fsencode(path.name).decode("utf-8", "replace")
