"""The formats that are text: encoded bit by bit as the cards come, with bounded memory."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from feuilleton.contracts.documents import CardLine
from status_api.exports.formats import ExportFormat
from status_api.exports.table import COLUMNS, cells, neutralised

BOM = "\ufeff"

Rows = Callable[[Sequence[CardLine]], str]


def _csv_rows(cards: Sequence[CardLine]) -> str:
    return _csv([[neutralised(cell) for cell in cells(card)] for card in cards])


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _jsonl_rows(cards: Sequence[CardLine]) -> str:
    return "".join(card.model_dump_json() + "\n" for card in cards)


def _txt_rows(cards: Sequence[CardLine]) -> str:
    return "".join(" ".join(card.text.split()) + "\n" for card in cards)


_ROWS: Mapping[ExportFormat, Rows] = {
    ExportFormat.CSV: _csv_rows,
    ExportFormat.JSONL: _jsonl_rows,
    ExportFormat.TXT: _txt_rows,
}


async def as_text(cards: AsyncIterator[Sequence[CardLine]], form: ExportFormat, *, bom: bool) -> AsyncIterator[bytes]:
    """CSV: a header and a row per card; JSONL: a CardLine per line; TXT: the text of a card per line. UTF-8."""
    head = (BOM if bom else "") + (_csv([COLUMNS]) if form is ExportFormat.CSV else "")
    yield head.encode()
    rows = _ROWS[form]
    async for some in cards:
        yield rows(some).encode()
