"""The result of one attempt: read chunk by chunk, spooled, then written under a name of its own."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from feuilleton.contracts import ids
from feuilleton.contracts.card_lines import ForeignCardError, chapter_titles, in_book_order
from feuilleton.contracts.documents import Checkpoint, ChunkFailure, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.errors import JobCancelledError
from feuilleton.storage.ports import ObjectStore
from merger.assembly import assemble_chunk
from merger.job_files import JobFiles, in_order
from merger.report import Tally

# A novel's cards take 2 to 5 MB: beyond this they go through a file, so that memory does not follow the book.
_SPOOL_BYTES = 8 * 1024 * 1024
_PART_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Result:
    """What an attempt came to. `folder` is None when no chunk is good, and nothing was written."""

    tally: Tally
    folder: str | None


@dataclass(frozen=True)
class _Loaded:
    """A chunk's document, and its sentences where it is good."""

    settled: Checkpoint | ChunkFailure
    sentences: tuple[SourceSentence, ...] = ()


class _Spool:
    """Bytes written once and read back, in memory or in a temporary file that nobody else can open."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - closed by __exit__
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, body: bytes) -> int:
        self._digest.update(body)
        self.size_bytes += len(body)
        return self._file.write(body)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def parts(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while part := self._file.read(_PART_BYTES):
            yield part
            await asyncio.sleep(0)


async def write_result(
    store: ObjectStore, files: JobFiles, manifest: Manifest, attempt: int, *, stopped: Callable[[], bool]
) -> Result:
    """Assemble what is good in book order and write cards.jsonl, then report.json, into `out/{sha256}/`.

    The same checkpoints and failures give the same bytes under the same name, so a repeat changes nothing.
    Raises JobCancelledError as soon as `stopped` says so, StoreUnavailableError.
    """
    tally = Tally()
    titles = chapter_titles(manifest)
    with _Spool() as spool:
        async for chunk, loaded in in_order(in_book_order(manifest), lambda one: _load(files, one, attempt)):
            if stopped():
                raise JobCancelledError
            _add_chunk(spool, tally, chunk, loaded, titles)
        if not tally.good:
            return Result(tally, None)
        folder = ids.result_prefix(files.tenant, files.job, attempt, spool.sha256)
        # What stands there whole may be served by now, and a write that breaks off would take it away.
        if (ids.cards_key(folder), spool.size_bytes) not in await _standing(store, folder):
            await store.put_stream(ids.cards_key(folder), spool.parts())
    await store.put(ids.report_key(folder), tally.report(manifest, attempt).to_bytes())
    return Result(tally, folder)


async def _standing(store: ObjectStore, folder: str) -> set[tuple[str, int]]:
    """The key and the size of each object in a folder."""
    return {(info.key, info.size_bytes) async for info in store.list(folder)}


async def _load(files: JobFiles, chunk: ManifestChunk, attempt: int) -> _Loaded:
    settled = await files.settled(chunk, attempt)
    if isinstance(settled, ChunkFailure):
        return _Loaded(settled)
    return _Loaded(settled, settled.sentences or await files.sentences(chunk))


def _add_chunk(spool: _Spool, tally: Tally, chunk: ManifestChunk, loaded: _Loaded, titles: dict[int, str]) -> None:
    settled = loaded.settled
    if isinstance(settled, ChunkFailure):
        tally.miss(chunk, settled)
        return
    try:
        assembled = assemble_chunk(loaded.sentences, settled, titles)
    except ForeignCardError as exc:
        failure = ChunkFailure(job=settled.job, index=chunk.index, attempt=settled.attempt, code=exc.code)
        tally.miss(chunk, failure)
        return
    tally.add(chunk, settled, assembled, spool.write(assembled.to_bytes()))
