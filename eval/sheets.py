"""Sheets for reading and their keys, as tab-separated text: no field holds a tab or a line end."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from eval.drawing import Drawn

JUDGED = Path(__file__).resolve().parent / "judged"


class Verdict(StrEnum):
    """What the reader says of a card: right French that says what the book says; perhaps not; surely not."""

    CORRECT = "correct"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


_NEEDED = frozenset({"source", "card", "verdict", "reason"})
_SHORT_FORMS = {"ok": Verdict.CORRECT}


@dataclass(frozen=True)
class Line:
    """One card to read. `before` is the sentence ahead of `source`. `reason` is one word when not correct."""

    id: str
    novel: str
    before: str
    source: str
    card: str
    verdict: str = ""
    reason: str = ""

    @classmethod
    def of(cls, drawn: Drawn) -> "Line":
        source = drawn.source
        return cls(drawn.id, source.novel, source.before, source.sentence.text, drawn.draft.text)


@dataclass(frozen=True)
class KeyLine:
    """What made the card: for the study of what was read, after it was read."""

    id: str
    method: str
    confidence: str
    flags: str

    @classmethod
    def of(cls, drawn: Drawn) -> "KeyLine":
        draft = drawn.draft
        confidence = "" if draft.confidence is None else f"{draft.confidence:.4f}"
        return cls(drawn.id, draft.method, confidence, " ".join(draft.flags))


def write(lines: Sequence[Line] | Sequence[KeyLine], out: TextIO) -> None:
    if lines:
        out.write("\t".join(field.name for field in fields(lines[0])) + "\n")
    out.writelines("\t".join(astuple(line)) + "\n" for line in lines)


def read(path: Path) -> list[Line]:
    """A sheet, read or not; further columns are passed over. A list that was not drawn by this program may lack id,
    novel and the sentence before: then its lines are numbered.

    Raises ValueError for a verdict that is none, another missing column and an id that comes twice.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = sorted(_NEEDED - set(rows.fieldnames or ()))
        if missing:
            raise ValueError(f"{path.name} has no column {', '.join(missing)}")
        lines = list(_lines(rows, path))
    ids = [line.id for line in lines]
    twice = {one for one in ids if ids.count(one) > 1}
    if twice:
        raise ValueError(f"{path.name} has twice: {', '.join(sorted(twice))}")
    return lines


def letters(text: str) -> str:
    """The same for a text in any typography."""
    return "".join(char for char in text.lower() if char.isalnum())


def sources_read(paths: Iterable[Path]) -> frozenset[str]:
    """The letters of every source on these lists."""
    return frozenset(letters(line.source) for path in paths for line in read(path))


def _lines(rows: Iterable[dict[str, str | None]], path: Path) -> Iterator[Line]:
    for number, row in enumerate(rows, 1):
        numbered = {"id": f"{number}", **row}
        line = Line(**{field.name: (numbered.get(field.name) or "").strip() for field in fields(Line)})
        line = replace(line, verdict=_SHORT_FORMS.get(line.verdict, line.verdict))
        if line.verdict and line.verdict not in set(Verdict):
            raise ValueError(f"{path.name}, {line.id}: {line.verdict!r} is no verdict ({', '.join(Verdict)})")
        yield line
