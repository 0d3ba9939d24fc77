"""Archives (xlsx, apkg): built in a thread, in a folder of their own, a few at a time."""

import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import anyio
from anyio import to_thread
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from xlsxwriter.exceptions import XlsxWriterException

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.errors import PipelineError, TransientError
from status_api.exports.keyed import KeyedCard, keyed

_PART_BYTES = 256 * 1024
_SENDING_SECONDS = 600.0  # who reads more slowly is cut off, and the place goes to another
Write = Callable[[Iterable[KeyedCard], Path], None]
Bring = Callable[[Path], Awaitable[Iterable[KeyedCard]]]


class TooManyExportsError(PipelineError):
    """Come again when others have what they asked for."""

    code = "too_many_exports"

    def __init__(self) -> None:
        super().__init__("too much of this kind is being made just now")
        self.headers = {"Retry-After": "5"}


class ExportNotBuiltError(TransientError):
    """There is no room for the file just now."""

    code = "export_not_built"


class Workshop:
    """Makes archives, `limit` at a time, each counted from its first byte read to its last byte sent."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at_work = 0

    async def build(self, bring: Bring, write: Write, headers: Mapping[str, str], media_type: str) -> "Archive":
        """The response, which must be returned: it holds a place until it was served. `bring` gives the cards and may
        keep them in the folder that it is given; `write` makes the file of them in a thread.

        Raises TooManyExportsError, ExportNotBuiltError, and what `bring` raises.
        """
        with ExitStack() as held:
            held.enter_context(self.place())
            file = held.enter_context(await _built(bring, write))
            return Archive(file, held.pop_all(), headers, media_type)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places, for work of another kind that takes long. Raises TooManyExportsError."""
        if self._at_work >= self._limit:
            raise TooManyExportsError
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1


async def _built(bring: Bring, write: Write) -> BinaryIO:
    """The file, open. It has no name any more, so that nothing is left of it when it is closed."""
    try:
        folder = Path(await to_thread.run_sync(tempfile.mkdtemp, None, "export-"))
        try:
            cards = await bring(folder)
            return await to_thread.run_sync(_write, write, cards, folder / "archive")
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))
    except OSError as exc:
        raise ExportNotBuiltError(f"{type(exc).__name__}: {exc.strerror}") from exc


def _write(write: Write, cards: Iterable[KeyedCard], path: Path) -> BinaryIO:
    try:
        write(cards, path)
    except (sqlite3.OperationalError, XlsxWriterException) as exc:  # their words for a full disk
        raise ExportNotBuiltError(type(exc).__name__) from exc
    return path.open("rb")


def stored(lines: AsyncIterator[bytes]) -> Bring:
    """The cards of a whole result, kept on disk as JSON lines."""

    async def bring(folder: Path) -> Iterable[KeyedCard]:
        path = folder / "cards.jsonl"
        async with await anyio.open_file(path, "wb") as file:
            async for part in lines:
                await file.write(part)
        return _CardFile(path)

    return bring


def at_hand(cards: Iterable[KeyedCard]) -> Bring:
    async def bring(_folder: Path) -> Iterable[KeyedCard]:
        return cards

    return bring


class _CardFile:
    """Can be gone through again and again, one card in memory at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[KeyedCard]:
        with self._path.open("rb") as lines:
            yield from keyed(CardLine.model_validate_json(line) for line in lines)


class Archive(StreamingResponse):
    """A built file on its way."""

    def __init__(self, file: BinaryIO, held: ExitStack, headers: Mapping[str, str], media_type: str) -> None:
        size = file.seek(0, 2)
        file.seek(0)
        super().__init__(_parts(file), headers={**headers, "Content-Length": str(size)}, media_type=media_type)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held, anyio.move_on_after(_SENDING_SECONDS):
            await super().__call__(scope, receive, send)


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    while part := await to_thread.run_sync(file.read, _PART_BYTES):
        yield part
