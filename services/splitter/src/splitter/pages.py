"""What is read from a PDF: plain data, with the positions that cleaning and structure go by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

_ROW_SHARE = 0.2  # of the type's size: pieces nearer in height than this are one row
_GAP_SHARE = 1.2  # likewise: pieces further apart than this are two columns
_SPACE_SHARE = 0.12  # likewise: the narrowest space between two words


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line as the PDF orders it. Lengths are points; `baseline` is from the top of the page as it
    is shown, downwards. `size` is the size of its type. Raised figures (calls of notes) are written as
    Unicode superscripts. A word broken at the end of the line ends in `HYPHEN`.
    """

    text: str
    left: float = 0.0
    right: float = 0.0
    baseline: float = 0.0
    size: float = 10.0

    @property
    def width(self) -> float:
        return max(self.right - self.left, 0.0)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `number` is 1-based. `image_share` is the part of the area that its largest image covers and
    `drawings` the number of drawn paths. `fault` says why nothing could be read of it, in a code.
    """

    number: int
    width: float = 0.0
    height: float = 0.0
    lines: tuple[Line, ...] = ()
    image_share: float = 0.0
    drawings: int = 0
    fault: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A bookmark of the PDF. `level` is 0 at the top; `page` is 1-based."""

    level: int
    title: str
    page: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What a look at the PDF tells before its pages are read."""

    pages: int
    outline: tuple[OutlineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on hostile input. A page above `page_chars` or `page_lines` becomes a page without text; a book above the
    others is refused as `too_big`. Lines and sentences are bounded as well as signs: the service itself holds them,
    at 0.2 and 3 kB each, however short they are.
    """

    pages: int = 5_000
    page_chars: int = 100_000
    page_lines: int = 5_000
    book_chars: int = 10_000_000
    book_lines: int = 600_000
    book_sentences: int = 150_000
    outline_entries: int = 5_000
    page_objects: int = 20_000


def join_pieces(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines that follow each other on one row, close together, as one: a change of font or a leader parted them."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is not None and _follows(last, line):
            space = " " if line.left - last.right > _SPACE_SHARE * last.size else ""
            size = max((last, line), key=lambda one: len(one.text)).size
            joined[-1] = replace(last, text=last.text + space + line.text, right=line.right, size=size)
        else:
            joined.append(line)
    return tuple(joined)


def _follows(last: Line, line: Line) -> bool:
    small = min(last.size, line.size)
    same_row = abs(last.baseline - line.baseline) < _ROW_SHARE * small
    return same_row and -0.5 * small < line.left - last.right < _GAP_SHARE * max(last.size, line.size)
