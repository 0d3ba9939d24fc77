"""The measures of a book's type area: what structure goes by. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low

from splitter.pages import Line, Page

_BIN_POINTS = 1.0
_LEFT_SHARE = 0.08  # of the lines of a side begin at its margin, even in a book that is all dialogue
_COLUMN_SHARE = 0.25  # of a page's lines stand in each column, at least
_CROSSING_SHARE = 0.05
_BLOCK_LINES = 3


@dataclass(frozen=True)
class Margins:
    """Where the lines of one column begin and end."""

    left: float
    right: float

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Layout:
    """`body_size` is the size of most of the text, `leading` its usual distance of lines, `indent` how far the
    first line of a paragraph goes in (0: the book does not do so). Points. `sides` and `columns` are by side, even
    pages under True; `columns` are of a book that has two on most pages.
    """

    body_size: float
    leading: float
    indent: float
    sides: dict[bool, Margins]
    columns: dict[bool, "Frame"] = field(default_factory=dict)

    def frame(self, page: Page) -> "Frame":
        """The columns of a page: two where it has them, else the one of its side."""
        split = _gutter(page)
        if split is None:
            columns = self.columns.get(page.number % 2 == 0)
            if columns is not None and columns.holds(page.lines):
                return columns
            side = _fitted(self.sides.get(page.number % 2 == 0) or Margins(0.0, page.width), page)
            return Frame(side, blocks=tuple(_blocks(page, self.body_size)))
        return _columns(page.lines, split)


@dataclass(frozen=True)
class Frame:
    """The columns of one page. `split` is where the second begins. `blocks` are the measures of what is set in
    another size than the text (a letter, say), by size.
    """

    first: Margins
    split: float | None = None
    second: Margins | None = None
    blocks: tuple[tuple[float, Margins], ...] = ()

    def holds(self, lines: Sequence[Line]) -> bool:
        """Whether all of these lines but one or two stand in one of the two columns: a last page, say."""
        split = self.split if self.split is not None else math.inf
        crossing = [line for line in lines if line.left < split - 1 and line.right > split + 1]
        return bool(lines) and len(crossing) <= _CROSSING_SHARE * len(lines)

    def block_of(self, line: Line) -> Margins:
        """The margins of the block that the line is in, where that has its own."""
        own = (margins for size, margins in self.blocks if near(size, line.size))
        return next(own, self.of(line))

    def of(self, line: Line) -> Margins:
        """The margins that the line keeps to."""
        if self.split is None or self.second is None or line.left < self.split:
            return self.first
        return self.second


def measure(pages: Sequence[Page]) -> Layout:
    """The layout of a book whose running heads are gone. Defaults that mean little for an empty one."""
    body_size = _most_common(((line.size, len(line.text)) for page in pages for line in page.lines), default=10.0)
    body = {page.number: [line for line in page.lines if near(line.size, body_size)] for page in pages}
    leading = _most_common(
        (
            (round(below.baseline - above.baseline, 1), 1)
            for lines in body.values()
            for above, below in pairwise(lines)
            if 0.5 * body_size < below.baseline - above.baseline < 4 * body_size
        ),
        default=1.2 * body_size,
    )
    sides: dict[bool, list[Line]] = defaultdict(list)
    for number, lines in body.items():
        sides[number % 2 == 0].extend(lines)
    margins = {even: _margins_of(lines) for even, lines in sides.items() if lines}
    return Layout(body_size, leading, _usual_indent(body, margins, body_size), margins, _usual_columns(pages))


def _usual_columns(pages: Sequence[Page]) -> dict[bool, "Frame"]:
    """The columns of each side of a book that has two on most of its pages."""
    found: dict[bool, Frame] = {}
    split = {page.number: _gutter(page) for page in pages if page.lines}
    if sum(at is not None for at in split.values()) <= len(split) / 2:
        return found
    for even in (False, True):
        gutters = [at for number, at in split.items() if at is not None and (number % 2 == 0) is even]
        if gutters:
            middle = median_low(gutters)
            near_it = [page for page in pages if (at := split.get(page.number)) and abs(at - middle) < 2 * _BIN_POINTS]
            found[even] = _columns(
                [line for page in near_it if (page.number % 2 == 0) is even for line in page.lines], middle
            )
    return found


def _columns(lines: Sequence[Line], split: float) -> "Frame":
    first, second = (_extent([one for one in lines if (one.left >= split) is right]) for right in (False, True))
    return Frame(first, split, second)


def near(size: float, other: float) -> bool:
    """Whether two sizes of type are the same to the eye."""
    return abs(size - other) <= 0.04 * max(size, other)


def had_room(last: Line, line: Line, right: float, size: float) -> bool:
    """Whether the first word of `line` had room at the end of `last`, in type of this size that ends at `right`: the
    break between the two is the author's.
    """
    word = line.text.split(maxsplit=1)[0]
    needed = line.width * len(word) / max(len(line.text), 1) + 0.6 * size
    return right - last.right > needed


def _margins_of(lines: Sequence[Line]) -> Margins:
    lefts = Counter(round(line.left / _BIN_POINTS) for line in lines)
    enough = max(2.0, _LEFT_SHARE * len(lines))
    often = [at for at, count in lefts.items() if count + lefts[at + 1] >= enough]
    left = min(often or lefts) * _BIN_POINTS
    rights = sorted(line.right for line in lines)
    return Margins(left, rights[math.ceil(0.95 * (len(rights) - 1))])


def _fitted(side: Margins, page: Page) -> Margins:
    """The side's margins, or the page's own where no line of it begins near them (a shifted scan)."""
    if not page.lines or any(abs(line.left - side.left) < 3 * _BIN_POINTS for line in page.lines):
        return side
    own = _margins_of(page.lines)
    return own if own.left < side.left else Margins(side.left, max(side.right, own.right))


def _extent(lines: Sequence[Line]) -> Margins:
    return Margins(min(line.left for line in lines), max(line.right for line in lines))


def _blocks(page: Page, body_size: float) -> Iterator[tuple[float, Margins]]:
    sizes = Counter(line.size for line in page.lines)
    for size, count in sizes.items():
        if count >= _BLOCK_LINES and not near(size, body_size):
            yield size, _extent([line for line in page.lines if line.size == size])


def _usual_indent(body: dict[int, list[Line]], sides: dict[bool, Margins], size: float) -> float:
    steps: Counter[float] = Counter()
    count = 0
    for number, lines in body.items():
        for line in lines:
            step = line.left - sides[number % 2 == 0].left
            count += 1
            if 0.5 * size <= step <= 4 * size:
                steps[round(step)] += 1
    if not steps:
        return 0.0
    step, often = steps.most_common(1)[0]
    return float(step) if often >= 0.03 * count else 0.0


def _most_common(weighted: Iterable[tuple[float, int]], *, default: float) -> float:
    counts: Counter[float] = Counter()
    for value, weight in weighted:
        counts[value] += weight
    return counts.most_common(1)[0][0] if counts else default


def _gutter(page: Page) -> float | None:
    """Where the second column begins, None on a page with one."""
    lines = page.lines
    right_half = Counter(round(line.left) for line in lines if line.left > 0.35 * page.width)
    enough = _COLUMN_SHARE * len(lines)
    for left, count in sorted(right_half.items()):
        if count + right_half[left + 1] < 0.5 * enough:
            continue
        before = [line for line in lines if line.right < left]
        behind = [line for line in lines if line.left >= left - 1]
        crossing = len(lines) - len(before) - len(behind)
        if min(len(before), len(behind)) >= max(enough, 4) and crossing <= _CROSSING_SHARE * len(lines) + 1:
            overlap = min(line.baseline for line in behind) < max(line.baseline for line in before)
            return float(left - 1) if overlap else None
    return None
