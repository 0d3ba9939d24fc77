"""Cards as CSV or JSON Lines, written so that a reader never meets half a file."""

import csv
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from feuilleton_client.models import Card

COLUMNS = ("source_id", "text", "source_text", "page", "chapter", "method", "flags")

# A cell that begins with one of these is a formula to some spreadsheet (full-width forms included), or
# hides one behind a control character.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class CardFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


def format_of(path: Path) -> CardFormat | None:
    """By the file's suffix; None where it names no format of ours."""
    suffix = path.suffix.lower().removeprefix(".")
    return CardFormat(suffix) if suffix in set(CardFormat) else None


def neutralised(cell: str) -> str:
    """The cell as plain text in every spreadsheet: an apostrophe goes before what would be a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


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
    """A text file (UTF-8, no newline translation) that takes the name `path` only when the block succeeds.

    Until then, and for ever if the block raises, what stood at `path` stays as it was. A target that is no
    regular file (a pipe, /dev/stdout) is written to directly. Raises OSError.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8", newline="") as out:
            yield out
        return
    part = target.with_name(f".feuilleton-{secrets.token_hex(6)}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
