"""The whole result as a stream with bounded memory: cards.jsonl as it stands, or as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.storage.ports import ObjectStore
from status_api.card_pages import joined
from status_api.documents import ByteRange

CSV_COLUMNS = ("source_id", "text", "source_text", "page", "chapter", "method", "flags")
_PART_BYTES = 256 * 1024
# A cell that begins with one of these is a formula to some spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def jsonl(store: ObjectStore, result: str, ranges: Sequence[ByteRange]) -> AsyncIterator[bytes]:
    """One CardLine per line."""
    key = ids.cards_key(result)
    for first, end in joined(ranges):
        for start in range(first, end, _PART_BYTES):
            yield await store.get_range(key, start, min(end, start + _PART_BYTES))


async def as_csv(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A header row, then a row per card; text that a spreadsheet would run gets an apostrophe before it."""
    yield _csv_rows([CSV_COLUMNS])
    rest = b""
    async for part in lines:
        *whole, rest = (rest + part).split(b"\n")
        yield _csv_rows([_row(CardLine.model_validate_json(line)) for line in whole if line])
    if rest:
        yield _csv_rows([_row(CardLine.model_validate_json(rest))])


def _row(card: CardLine) -> Sequence[str]:
    cells = (
        card.source_id,
        card.text,
        card.source_text,
        str(card.page),
        card.chapter or "",
        card.method.value,
        " ".join(card.flags),
    )
    return [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]


def _csv_rows(rows: Sequence[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
