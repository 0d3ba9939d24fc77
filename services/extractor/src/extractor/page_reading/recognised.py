"""What tesseract saw on a page, as lines of words. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_WORD_LEVEL = "5"
_COLUMNS = 12


@dataclass(frozen=True)
class Word:
    """`sureness` is tesseract's, 0 to 100."""

    text: str
    sureness: float


@dataclass(frozen=True)
class Row:
    """One printed line; lengths are pixels from the top left. `paragraph` tells those of the page apart."""

    words: tuple[Word, ...]
    paragraph: tuple[int, int]
    left: int
    right: int
    top: int
    bottom: int

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def sureness(self) -> float:
        return sum(word.sureness for word in self.words) / len(self.words)


@dataclass(frozen=True)
class _Cell:
    place: tuple[int, int, int]  # block, paragraph, line
    left: int
    top: int
    width: int
    height: int
    word: Word


def read_rows(tsv: str) -> tuple[Row, ...]:
    """The lines of tesseract's TSV in its order. What is no row of it is passed over."""
    return tuple(_row(list(cells)) for _, cells in groupby(_cells(tsv), key=lambda cell: cell.place))


def _cells(tsv: str) -> Iterator[_Cell]:
    for line in tsv.splitlines():
        cells = line.split("\t", maxsplit=_COLUMNS - 1)
        if len(cells) != _COLUMNS or cells[0] != _WORD_LEVEL or not cells[11].strip():
            continue
        try:
            block, paragraph, row, left, top, width, height = (int(cells[at]) for at in (2, 3, 4, 6, 7, 8, 9))
            word = Word(cells[11].strip(), float(cells[10]))
        except ValueError:
            continue
        yield _Cell((block, paragraph, row), left, top, width, height, word)


def _row(cells: list[_Cell]) -> Row:
    block, paragraph, _ = cells[0].place
    return Row(
        words=tuple(cell.word for cell in cells),
        paragraph=(block, paragraph),
        left=min(cell.left for cell in cells),
        right=max(cell.left + cell.width for cell in cells),
        top=min(cell.top for cell in cells),
        bottom=max(cell.top + cell.height for cell in cells),
    )
