"""The cards of a result as a download, whole or some of them, in any format."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi.responses import Response, StreamingResponse

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.errors import InvalidInputError, ObjectNotFoundError
from feuilleton.contracts.ids import JobId
from feuilleton.storage.ports import ObjectStore
from status_api.card_pages import ResultUnavailableError
from status_api.documents import ByteRange, StoredDocuments
from status_api.exports.anki import DeckInfo, write_apkg
from status_api.exports.building import Bring, Workshop, Write, at_hand, stored
from status_api.exports.entity_tags import entity_tag
from status_api.exports.formats import ExportFormat
from status_api.exports.keyed import KeyedCard
from status_api.exports.naming import content_disposition, file_name, title_of
from status_api.exports.result_cards import lines_of, parsed
from status_api.exports.text import BOM, as_text
from status_api.exports.workbook import MOST_ROWS, write_xlsx

MOST_SOURCE_BYTES = 32 * 1024 * 1024  # of cards.jsonl: some 95,000 cards, and 150 MB on the disk while it is built


class ExportTooLargeError(InvalidInputError):
    """The result does not fit the format, or what may be built here. Text formats have no limit."""

    code = "export_too_large"


@dataclass(frozen=True)
class Edition:
    """Which result is asked for and in what form. `made_at` is when its attempt ended."""

    job: JobId
    name: str
    result: str
    made_at: datetime
    form: ExportFormat
    bom: bool = False

    @property
    def tag(self) -> str:
        return entity_tag(self.result, self.form, name=self.name, bom=self.bom)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Cache-Control": "private, no-cache",
            "Content-Disposition": content_disposition(file_name(self.name, self.form)),
            "X-Content-Type-Options": "nosniff",
        }


class Deliveries:
    def __init__(self, store: ObjectStore, documents: StoredDocuments, workshop: Workshop) -> None:
        self._store = store
        self._documents = documents
        self._workshop = workshop

    async def whole(self, edition: Edition) -> Response:
        """Text is sent as it is read; an archive is built first. Raises ResultUnavailableError, StoreUnavailableError,
        ExportTooLargeError, TooManyExportsError, ExportNotBuiltError.
        """
        headers = {**edition.headers, "ETag": edition.tag}
        ranges = await self._ranges(edition.result)
        lines = lines_of(self._store, edition.result, ranges)
        if edition.form.built:
            _check_size(ranges)
            return await self._archive(edition, stored(lines), headers)
        if not await self._store.exists(ids.cards_key(edition.result)):  # once a stream has begun it can only break off
            raise ResultUnavailableError("the cards are missing")
        if edition.form is ExportFormat.JSONL:
            return _text(edition, _as_it_stands(lines, bom=edition.bom), headers)
        return _text(edition, as_text(parsed(lines), edition.form, bom=edition.bom), headers)

    async def some(self, edition: Edition, cards: Sequence[KeyedCard]) -> Response:
        """The same, of cards that were chosen from the result. Without an entity tag."""
        if edition.form.built:
            return await self._archive(edition, at_hand(cards), edition.headers)
        batches = _one_batch([entry.card for entry in cards])
        return _text(edition, as_text(batches, edition.form, bom=edition.bom), edition.headers)

    async def cards(self, result: str) -> AsyncIterator[Sequence[CardLine]]:
        """All cards of a result, some at a time. Raises ResultUnavailableError, StoreUnavailableError."""
        ranges = await self._ranges(result)
        try:
            async for some in parsed(lines_of(self._store, result, ranges)):
                yield some
        except ObjectNotFoundError as exc:
            raise ResultUnavailableError("the cards are missing") from exc

    async def count(self, result: str) -> int:
        """How many cards a result has. Raises ResultUnavailableError, StoreUnavailableError."""
        return sum(part.cards for part in await self._ranges(result))

    async def _ranges(self, result: str) -> Sequence[ByteRange]:
        try:
            return await self._documents.card_ranges(result)
        except ObjectNotFoundError as exc:
            raise ResultUnavailableError("the result is missing") from exc

    async def _archive(self, edition: Edition, bring: Bring, headers: dict[str, str]) -> Response:
        try:
            return await self._workshop.build(bring, _writer(edition), headers, edition.form.media_type)
        except ObjectNotFoundError as exc:
            raise ResultUnavailableError("the cards are missing") from exc


def _writer(edition: Edition) -> Write:
    title = title_of(edition.name)
    if edition.form is ExportFormat.XLSX:
        return partial(write_xlsx, title=title, made_at=edition.made_at)
    return partial(write_apkg, info=DeckInfo(edition.job, title, edition.made_at))


def check_rows(count: int) -> None:
    """Raises ExportTooLargeError for more than a sheet can hold."""
    if count > MOST_ROWS:
        raise ExportTooLargeError("the result is too large for a sheet: take csv or jsonl")


def _check_size(ranges: Sequence[ByteRange]) -> None:
    if (
        sum(part.cards for part in ranges) > MOST_ROWS
        or sum(part.end - part.start for part in ranges) > MOST_SOURCE_BYTES
    ):
        raise ExportTooLargeError("the result is too large for an archive: take csv or jsonl")


def _text(edition: Edition, body: AsyncIterator[bytes], headers: dict[str, str]) -> Response:
    return StreamingResponse(body, media_type=edition.form.media_type, headers=headers)


async def _as_it_stands(lines: AsyncIterator[bytes], *, bom: bool) -> AsyncIterator[bytes]:
    if bom:
        yield BOM.encode()
    async for part in lines:
        yield part


async def _one_batch(cards: Sequence[CardLine]) -> AsyncIterator[Sequence[CardLine]]:
    yield cards
