"""Printed pages for tests: lines as a reader of PDFs would give them, without a PDF."""

from collections.abc import Iterable, Sequence

from splitter.pages import Line, Page

LEFT, RIGHT, SIZE, LEADING = 40.0, 240.0, 10.0, 12.0
CHAR = 4.0  # points: the width of a letter of the text


def line(text: str, row: float = 0, *, indent: float = 0.0, size: float = SIZE, full: bool = False) -> Line:
    """A line of the text area; `full` ends it at the right margin, whatever its letters."""
    left = LEFT + indent
    right = RIGHT if full else min(left + CHAR * len(text), RIGHT)
    return Line(text, left, right, 60.0 + LEADING * row, size)


def centred(text: str, row: float, *, size: float = SIZE) -> Line:
    half = CHAR * len(text) / 2
    middle = (LEFT + RIGHT) / 2
    return Line(text, middle - half, middle + half, 60.0 + LEADING * row, size)


def page(number: int, lines: Iterable[Line]) -> Page:
    return Page(number, 280.0, 420.0, tuple(lines))


def with_furniture(number: int, lines: Sequence[Line], head: str, foot: str | None = None) -> Page:
    """The page with a running head above and its number below."""
    top = Line(head, 100.0, 180.0, 30.0, 8.0)
    bottom = Line(foot if foot is not None else str(number), 138.0, 142.0, 400.0, 9.0)
    return page(number, [top, *lines, bottom])


def prose(*texts: str, first_row: int = 0) -> list[Line]:
    """A paragraph: an indented first line, full lines, and a short last one."""
    last = len(texts) - 1
    return [
        line(text, first_row + at, indent=12.0 if at == 0 else 0.0, full=at < last) for at, text in enumerate(texts)
    ]
