"""Cards as CSV or JSON Lines, written so that a reader never meets half a file."""

import csv
import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

from feuilleton_client.models import Card

COLUMNS = ("source_id", "text", "source_text", "page", "chapter", "method", "flags")

# A cell that begins with one of these signs is a formula to some spreadsheet (full-width forms included), or hides one
# behind a control character; with apostrophes before it, it is what such a cell becomes, and must be told apart.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


class CardFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


def neutralised(cell: str) -> str:
    """The cell as plain text in every spreadsheet: an apostrophe goes before what would be a formula, and one more
    before what begins with apostrophes and such a sign, so that one can always be taken away again.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def csv_row(card: Card) -> list[str]:
    cells = (
        card.source_id,
        card.text,
        card.source_text,
        str(card.page),
        card.chapter or "",
        card.method,
        " ".join(card.flags),
    )
    return [neutralised(cell) for cell in cells]


def write_cards(cards: Iterable[Card], out: TextIO, form: CardFormat) -> int:
    """Write them one by one as they come; returns how many. CSV has a header line, even without cards."""
    count = 0
    writer = csv.writer(out)
    if form is CardFormat.CSV:
        writer.writerow(COLUMNS)
    for card in cards:
        if form is CardFormat.CSV:
            writer.writerow(csv_row(card))
        else:
            out.write(card.to_line() + "\n")
        count += 1
    return count


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """As `replacing_bytes`, a text file (UTF-8, no newline translation)."""
    with replacing_bytes(path) as file:
        out = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield out
        finally:
            out.detach()  # what it holds is written; the file is closed by its owner


@contextmanager
def replacing_bytes(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `path` only when the block succeeds.

    Until then, and for ever if the block raises, what stood at `path` stays as it was. A target that is no
    regular file (a pipe, /dev/stdout) is written to directly. Raises OSError.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as out:
            yield out
        return
    part = target.with_name(f".feuilleton-{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
