"""A deck as an Excel workbook, written row by row with constant memory."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from status_api.exports.keyed import KeyedCard
from status_api.exports.table import COLUMNS, cells

MOST_ROWS = 1_048_575  # of a sheet, without the header
_MOST_CHARACTERS = 32_767  # of a cell
_WIDTHS = {"text": 50, "source_text": 80, "chapter": 25}
_USUAL_WIDTH = 12
_PAGE = COLUMNS.index("page")


def write_xlsx(cards: Iterable[KeyedCard], path: Path, *, title: str, made_at: datetime) -> None:
    """Blocking. Text goes in as text whatever it begins with, so nothing in it is ever run or linked; pages go in as
    numbers. The same cards give the same bytes. Text over what a cell can hold is cut.
    """
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": title, "created": made_at.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("Cards")
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, _WIDTHS.get(name, _USUAL_WIDTH))
            sheet.write_string(0, column, name)
        sheet.freeze_panes(1, 0)
        for row, entry in enumerate(cards, start=1):
            for column, cell in enumerate(cells(entry.card)):
                if column == _PAGE:
                    sheet.write_number(row, column, entry.card.page)
                else:
                    sheet.write_string(row, column, cell[:_MOST_CHARACTERS])
