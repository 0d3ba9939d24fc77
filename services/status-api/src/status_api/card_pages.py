"""Cards in book order, page by page: from checkpoints while an attempt runs, from its named result once it ended.

A place is (rank of a chunk in the book, position of a card in it). The book order is fixed by the manifest and a
chunk's cards are the same in its checkpoint and in the result, so a place stays right over the end of a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from feuilleton.contracts import ids
from feuilleton.contracts.card_lines import ForeignCardError, card_lines, chapter_titles, in_book_order
from feuilleton.contracts.documents import CardLine, Checkpoint, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.errors import ObjectNotFoundError, TransientError
from feuilleton.contracts.ids import ObjectKey
from feuilleton.storage.ports import ObjectStore
from status_api.documents import ByteRange, StoredDocuments
from status_api.ports import JobReader
from status_api.projection import Job

Place = tuple[int, int]
BEGINNING: Place = (0, 0)


class ResultUnavailableError(TransientError):
    """What the rows name is not in the store: the job is being deleted, or the store lost it."""

    code = "result_unavailable"


@dataclass(frozen=True)
class Cards:
    """A run of cards. `next` is where to go on, None when nothing can follow any more."""

    items: tuple[CardLine, ...]
    next: Place | None


class CardPages:
    def __init__(self, reader: JobReader, store: ObjectStore, documents: StoredDocuments) -> None:
        self._reader = reader
        self._store = store
        self._documents = documents

    async def read(self, job: Job, attempt: int, start: Place, limit: int) -> Cards:
        """At most `limit` cards from `start` on. Raises ResultUnavailableError, StoreUnavailableError."""
        try:
            end = job.attempts[attempt].state.end
            if end is None:
                return await self._read_running(job, attempt, start, limit)
            return await self._read_result(end.result, start, limit) if end.result else Cards((), None)
        except ObjectNotFoundError as exc:
            raise ResultUnavailableError("a stored object is missing") from exc

    async def _read_running(self, job: Job, attempt: int, start: Place, limit: int) -> Cards:
        """Up to the first chunk that is not finished; a failed one is passed over."""
        finished = await self._reader.finished_chunks(job.id, attempt)
        manifest = await self._documents.manifest(job) if finished else None
        if manifest is None:
            return Cards((), start)
        items: list[CardLine] = []
        chunks = in_book_order(manifest)
        rank, position = start
        while rank < len(chunks) and len(items) < limit:
            chunk = chunks[rank]
            succeeded = finished.get(chunk.index)
            if succeeded is None:
                break
            cards = await self._cards_of(manifest, chunk) if succeeded else ()
            taken = cards[position : position + limit - len(items)]
            items += taken
            position += len(taken)
            if position >= len(cards):
                rank, position = rank + 1, 0
        return Cards(tuple(items), (rank, position))

    async def _cards_of(self, manifest: Manifest, chunk: ManifestChunk) -> Sequence[CardLine]:
        key = ids.checkpoint_key(manifest.tenant, manifest.job, chunk.index)
        checkpoint = Checkpoint.model_validate_json(await self._store.get(key))
        sentences = checkpoint.sentences or await self._sentences_of(manifest, chunk)
        try:
            return card_lines(checkpoint.cards, sentences, chapter_titles(manifest))
        except ForeignCardError:
            return ()  # the merger counts it as missing

    async def _sentences_of(self, manifest: Manifest, chunk: ManifestChunk) -> Sequence[SourceSentence]:
        key = ids.source_key(manifest.tenant, manifest.job)
        lines = await self._store.get_range(key, chunk.source_start, chunk.source_end)
        return [SourceSentence.model_validate_json(line) for line in lines.splitlines()]

    async def _read_result(self, result: str, start: Place, limit: int) -> Cards:
        ranges = await self._documents.card_ranges(result)
        wanted, reached = _choose(ranges, start, limit)
        lines = await self._read_lines(ids.cards_key(result), wanted)
        items = [CardLine.model_validate_json(line) for line in lines[start[1] : start[1] + limit]]
        return Cards(tuple(items), reached)

    async def _read_lines(self, key: ObjectKey, wanted: Sequence[ByteRange]) -> list[bytes]:
        lines: list[bytes] = []
        for start, end in joined(wanted):
            lines += (await self._store.get_range(key, start, end)).splitlines()
        return lines


def _choose(ranges: Sequence[ByteRange], start: Place, limit: int) -> tuple[list[ByteRange], Place | None]:
    """The chunks to read for `limit` cards from `start`, and the place after them. Pure."""
    rank, position = start
    wanted: list[ByteRange] = []
    left = limit
    while rank < len(ranges) and left > 0:
        chunk = ranges[rank]
        taken = max(0, min(left, chunk.cards - position))
        wanted.append(chunk)
        left -= taken
        position += taken
        if position >= chunk.cards:
            rank, position = rank + 1, 0
    more = any(chunk.cards for chunk in ranges[rank:])
    return wanted, (rank, position) if more else None


def joined(ranges: Sequence[ByteRange]) -> list[tuple[int, int]]:
    """Neighbouring ranges as one, empty ones left out. Pure."""
    runs: list[tuple[int, int]] = []
    for part in ranges:
        if part.end <= part.start:
            continue
        if runs and runs[-1][1] == part.start:
            runs[-1] = (runs[-1][0], part.end)
        else:
            runs.append((part.start, part.end))
    return runs
