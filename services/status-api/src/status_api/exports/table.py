"""A card as a row of cells that no spreadsheet takes for a formula, and the way back. Pure.

A cell that begins with a sign that starts a formula (full-width forms and control characters included) gets an
apostrophe before it; one that begins with apostrophes and then such a sign gets one more. So nothing is lost:
`original` takes one away again.
"""

import re
from collections.abc import Sequence

from feuilleton.contracts.documents import CardLine

COLUMNS = ("source_id", "text", "source_text", "page", "chapter", "method", "flags")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NEUTRALISED = re.compile(r"''*[=+\-@\t\r\n＝＋－＠]")


def cells(card: CardLine) -> Sequence[str]:
    """The card's cells in the order of COLUMNS, as they are."""
    return (
        card.source_id,
        card.text,
        card.source_text,
        str(card.page),
        card.chapter or "",
        card.method.value,
        " ".join(card.flags),
    )


def neutralised(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def original(cell: str) -> str:
    return cell[1:] if _NEUTRALISED.match(cell) else cell
