"""Running heads, feet and page numbers: found over the whole book, by what comes back at the same place. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from splitter.chapter_words import has_chapter_word, names_chapter, roman_value
from splitter.pages import Line, Page

_HEAD_CHARACTERS = 200  # a longer line is text
_EDGE_ROWS = 2  # a head or foot is among the two outermost rows of its page
_ROW_SHARE = 0.4  # of the type's size: lines nearer than this share a row
_BAND_POINTS = 3.0  # heads of a book stand at the same height, give or take this
_NEAR_PAGES = 3  # a head comes back on the next page, or the next of its side
_HEAD_GAP = 1.25  # times the usual distance of lines: how far a head stands from the text
_FURNITURE_SHARE = 0.5  # of the words of a book
_USUAL_SHARE = 0.3  # of the pages have a head: the book is full of them
_WATERMARK_SHARE = 0.5
_WATERMARK_PAGES = 5
_NUMBER = re.compile(r"^[\W_]*(?:page|p\.)?\s*(\d{1,4}|[ivxlcdm]{1,9})[\W_]*$", re.IGNORECASE)
_END_NUMBER = re.compile(
    r"^[\W_]*(?:\d{1,4}|[ivxlcdm]{1,9}\b)[\W_]+|[\W_]+(?:\d{1,4}|\b[ivxlcdm]{1,9})[\W_]*$", re.IGNORECASE
)


@dataclass(frozen=True)
class _Candidate:
    """A line in one of the outer rows of a page."""

    page: int
    line: Line
    top: bool
    key: str
    apart: bool

    @property
    def band(self) -> int:
        """The height as a step of `_BAND_POINTS`."""
        return round(self.line.baseline / _BAND_POINTS)


def remove_running_heads(pages: Sequence[Page]) -> list[Page]:
    """The pages without running heads, feet, page numbers and repeated marks. All other lines stay, in order.

    What comes back at one place is no head where it is most of the book (a page printed again and again).
    """
    candidates = [found for page in pages for found in _edge_lines(page)]
    numbers = list(_page_numbers(candidates))
    repeated = list(_repeated(candidates))
    heads = [*repeated, *numbers]
    furniture = [(found.page, found.line) for found in (*repeated, *_in_bands(candidates, heads))]
    furniture.extend(_watermarks(pages))
    if _words(line for _, line in set(furniture)) > _FURNITURE_SHARE * _words(_lines(pages)):
        furniture = []
    gone: dict[int, set[Line]] = defaultdict(set)
    for number, line in (*furniture, *((found.page, found.line) for found in numbers)):
        gone[number].add(line)
    return [replace(page, lines=tuple(line for line in page.lines if line not in gone[page.number])) for page in pages]


def _lines(pages: Sequence[Page]) -> Iterator[Line]:
    return (line for page in pages for line in page.lines)


def _words(lines: Iterable[Line]) -> int:
    return sum(len(line.text.split()) for line in lines)


def _edge_lines(page: Page) -> Iterator[_Candidate]:
    rows = _rows(page.lines)
    leading = _usual_distance(rows)
    for index, row in enumerate(rows):
        at_top, at_foot = index < _EDGE_ROWS, index >= len(rows) - _EDGE_ROWS
        if not (at_top or at_foot):
            continue
        inner = index + 1 if at_top and index + 1 < len(rows) else index - 1
        distance = abs(rows[inner][0].baseline - row[0].baseline) if inner >= 0 else leading
        for line in row:
            apart = distance > _HEAD_GAP * leading
            yield _Candidate(page.number, line, at_top, _key(line.text), apart)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines by height, those of one height together."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.baseline):
        if rows and line.baseline - rows[-1][0].baseline < _ROW_SHARE * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _usual_distance(rows: list[list[Line]]) -> float:
    steps = [below[0].baseline - above[0].baseline for above, below in pairwise(rows)]
    return median(steps) if steps else 0.0


def _key(text: str) -> str:
    """What stays the same from page to page: the text without the page number at its end or start.

    What is a number or names a chapter is kept whole: 'Chapitre 3' on two pages is a head, 'Chapitre 3' and
    'Chapitre 4' are two openings.
    """
    plain = " ".join(text.casefold().split())
    if len(plain) > _HEAD_CHARACTERS:
        return ""
    if _NUMBER.match(plain) or has_chapter_word(text):
        return plain
    return _END_NUMBER.sub("", plain)


def _repeated(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Lines that come back at the same height on pages close to each other."""
    groups: dict[tuple[str, bool], list[_Candidate]] = defaultdict(list)
    for found in candidates:
        if found.key:
            groups[found.key, found.top].append(found)
    return [found for group in groups.values() for found in _steady(group) if _recurs(_steady(group))]


def _steady(group: list[_Candidate]) -> list[_Candidate]:
    """Those at the height where most of the group are."""
    height = Counter(found.band for found in group).most_common(1)[0][0]
    return [found for found in group if abs(found.band - height) <= 1]


def _recurs(group: list[_Candidate]) -> bool:
    pages = sorted({found.page for found in group})
    pair = len(pages) == 2  # noqa: PLR2004 - a chapter of two or three pages
    near = sum(later - page <= _NEAR_PAGES for page, later in pairwise(pages))
    return near >= 1 and near >= (len(pages) - 1) / 2 and (not pair or all(found.apart for found in group))


def _page_numbers(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Numbers that grow with the pages, at one height. A chapter's number does not grow so."""
    groups: dict[tuple[bool, int, bool], list[tuple[_Candidate, int]]] = defaultdict(list)
    for found in candidates:
        match = _NUMBER.match(found.line.text[:_HEAD_CHARACTERS])
        if match is None:
            continue
        arabic = match[1].isdigit()
        value = int(match[1]) if arabic else roman_value(match[1])
        if value is not None:
            groups[found.top, found.band, arabic].append((found, value))
    growing = [group for group in groups.values() if _grows(group)]
    lone = [group for group in groups.values() if _numbers_only_page(group)]
    return [found for group in growing or lone for found, _ in group]


def _numbers_only_page(group: list[tuple[_Candidate, int]]) -> bool:
    """A number at the foot of the only page that has one. At the top it may be a chapter's, and so may a Roman one."""
    found, value = group[0]
    return (
        len(group) == 1 and not found.top and found.apart and str(found.page) in found.line.text and found.page == value
    )


def _grows(group: list[tuple[_Candidate, int]]) -> bool:
    steps = list(pairwise(sorted((found.page, value) for found, value in group)))
    if not steps:
        return False
    right = sum(later[1] - now[1] == later[0] - now[0] for now, later in steps)
    return right >= 0.6 * len(steps)  # books skip numbers, and count plates or not


def _in_bands(candidates: Sequence[_Candidate], heads: Sequence[_Candidate]) -> Iterator[_Candidate]:
    """Lines apart from the text, at the height and in the size of the book's heads (a head used once).

    A line that names a chapter may be its opening: at that height it is a head only in a book that is full of them.
    """
    pages: dict[tuple[bool, int], set[int]] = defaultdict(set)
    sizes: dict[tuple[bool, int], list[float]] = defaultdict(list)
    for head in heads:
        pages[head.top, head.band].add(head.page)
        sizes[head.top, head.band].append(head.line.size)
    count = len({found.page for found in candidates})
    for found in candidates:
        place = (found.top, found.band)
        enough = _USUAL_SHARE * count if names_chapter(found.line.text) else 0
        if found.apart and len(pages[place]) >= max(_WATERMARK_PAGES, enough):
            usual = median(sizes[place])
            if abs(found.line.size - usual) <= 0.1 * usual:
                yield found


def _watermarks(pages: Sequence[Page]) -> Iterator[tuple[int, Line]]:
    """Lines at exactly one place on most pages, wherever that is."""
    places: dict[tuple[str, int, int], list[tuple[int, Line]]] = defaultdict(list)
    for page in pages:
        for line in page.lines:
            places[line.text, round(line.left), round(line.baseline)].append((page.number, line))
    for found in places.values():
        if len(found) >= max(_WATERMARK_PAGES, _WATERMARK_SHARE * len(pages)):
            yield from found
