"""Reading with pypdfium2. Runs in a subprocess: a hostile PDF may take its memory, its time or its life."""

import ctypes
import math
import re
from itertools import islice
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.french.hyphenation import HYPHEN
from splitter.pages import Line, Opened, OutlineEntry, Page, ReadLimits

# pdfium joins a word broken at the end of a line to its rest and puts U+FFFE (older builds: U+0002) between.
_BREAK_MARKS = "\ufffe\x02"
_LINE = re.compile(rf"[^\r\n{_BREAK_MARKS}]*[{_BREAK_MARKS}]|[^\r\n{_BREAK_MARKS}]+")
# Figures that may call a note: after a letter or a mark, or first in the line (the note itself).
_MAY_BE_RAISED = re.compile(r"^\s*\d{1,4}(?=[^\d.,])|(?:(?<=[^\W\d_])|(?<=[.,;:!?»…)’'—–\u00a0\u202f]))\d{1,4}(?!\w)")
_RAISED_FORM = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_RAISED_SHARE = 0.18  # of the type's size: how far above the baseline a raised figure stands at least
_SMALL_SHARE = 0.6  # likewise: its height at most
_WRONG_PASSWORD = (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)


def open_pdf(path: Path, limits: ReadLimits) -> Opened:
    """Count the pages and read the outline. Raises InvalidInputError (`encrypted`, `damaged`, `too_many_pages`)."""
    with _document(path) as pdf:
        count = len(pdf)
        if count == 0:
            raise InvalidInputError("no pages", code="damaged")
        if count > limits.pages:
            raise InvalidInputError(f"{count} pages", code="too_many_pages")
        return Opened(count, _read_outline(pdf, count, limits.outline_entries))


def read_pages(path: Path, numbers: tuple[int, ...], limits: ReadLimits) -> tuple[Page, ...]:
    """The pages of these 1-based numbers. A page that cannot be read has a `fault`; the others are whole."""
    with _document(path) as pdf:
        return tuple(_read_page(pdf, number, limits) for number in numbers)


def _document(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as exc:
        code = "encrypted" if exc.err_code in _WRONG_PASSWORD else "damaged"
        raise InvalidInputError(str(exc), code=code) from exc


def _read_outline(pdf: pdfium.PdfDocument, count: int, most: int) -> tuple[OutlineEntry, ...]:
    entries = []
    try:
        for mark in islice(pdf.get_toc(max_depth=4), most):
            target = mark.get_dest()
            index = target.get_index() if target else None
            if index is not None and 0 <= index < count:
                entries.append(OutlineEntry(mark.level, _title_of(mark), index + 1))
    except (pdfium.PdfiumError, ValueError):
        return tuple(entries)  # a broken outline is no outline: the text tells the chapters
    return tuple(entries)


def _title_of(mark: pdfium.PdfBookmark) -> str:
    """Empty where the title is no text, which costs the bookmark alone."""
    try:
        title: str = mark.get_title()
    except UnicodeError:
        return ""
    return title[:300]


def _read_page(pdf: pdfium.PdfDocument, number: int, limits: ReadLimits) -> Page:
    try:
        page = pdf[number - 1]
        try:
            return _page_of(page, number, limits)
        finally:
            page.close()
    except (pdfium.PdfiumError, IndexError):
        return Page(number, fault="unreadable_page")


def _page_of(page: pdfium.PdfPage, number: int, limits: ReadLimits) -> Page:
    width, height = page.get_size()
    text_page = page.get_textpage()
    try:
        if text_page.count_chars() > limits.page_chars:
            return Page(number, width, height, fault="page_too_big")
        lines = _LineReader(page, text_page).lines()
    finally:
        text_page.close()
    if len(lines) > limits.page_lines:
        return Page(number, width, height, fault="page_too_big")
    share, drawings = _picture_facts(page, width * height, limits.page_objects)
    return Page(number, width, height, lines, share, drawings)


class _LineReader:
    """Cuts the text of one page into lines and measures each by a few of its characters.

    Asking for every character would cost ten times as much, and tell no more.
    """

    def __init__(self, page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> None:
        self._text_page = text_page
        self._turn = page.get_rotation()
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._text: str = text_page.get_text_range()
        self._aligned = len(self._text) == text_page.count_chars()

    def lines(self) -> tuple[Line, ...]:
        found = (self._line(match.start(), match.group()) for match in _LINE.finditer(self._text))
        return tuple(line for line in found if line is not None)

    def _line(self, start: int, text: str) -> Line | None:
        if text[-1] in _BREAK_MARKS:
            text = text[:-1] + HYPHEN
        visible = [start + i for i, ch in enumerate(text) if not ch.isspace()]
        if not visible:
            return None
        first, middle, last = visible[0], visible[len(visible) // 2], visible[-1]
        sizes = sorted(self._size(at) for at in {first, middle, last})
        baselines = sorted(self._origin(at)[1] for at in (first, middle, last))
        size, baseline = sizes[len(sizes) // 2], baselines[1]
        text = _MAY_BE_RAISED.sub(lambda match: self._raised(start, match, size), text)
        return Line(text.strip(), self._origin(first)[0], self._end(last), baseline, size)

    def _at(self, index: int) -> int:
        """The character index of a text index: pdfium counts characters that it does not print in the text."""
        if self._aligned:
            return index
        found: int = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._text_page.raw, index)
        return found if found >= 0 else index

    def _origin(self, index: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDFText_GetCharOrigin(self._text_page.raw, self._at(index), x, y)
        return self._shown(x.value, y.value)

    def _end(self, index: int) -> float:
        """Where the character's box ends on the page as it is shown."""
        box = pdfium_c.FS_RECTF()
        pdfium_c.FPDFText_GetLooseCharBox(self._text_page.raw, self._at(index), box)
        corners = (self._shown(box.left, box.bottom), self._shown(box.right, box.top))
        return max(corner[0] for corner in corners)

    def _size(self, index: int) -> float:
        matrix = pdfium_c.FS_MATRIX()
        at = self._at(index)
        pdfium_c.FPDFText_GetMatrix(self._text_page.raw, at, matrix)
        scale = math.hypot(matrix.c, matrix.d)
        size: float = pdfium_c.FPDFText_GetFontSize(self._text_page.raw, at) * scale
        return round(size, 2)

    def _raised(self, start: int, figures: re.Match[str], size: float) -> str:
        beside = figures.start() - 1 if figures.start() > 0 else figures.end()
        high = self._stands_high(start + figures.end() - 1, start + beside, size)
        return figures.group().translate(_RAISED_FORM) if high else figures.group()

    def _stands_high(self, index: int, beside: int, size: float) -> bool:
        """Whether the figure is drawn small and above the line: told by its own box, as many fonts have raised
        figures that need no smaller size.
        """
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium_c.FPDFText_GetCharBox(self._text_page.raw, self._at(index), left, right, bottom, top)
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium_c.FPDFText_GetCharOrigin(self._text_page.raw, self._at(beside), x, y)
        low = top.value - bottom.value < _SMALL_SHARE * size
        return low and bottom.value - y.value > _RAISED_SHARE * size

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        """The point on the page as it is shown: from the left and from the top."""
        if self._turn == 90:  # noqa: PLR2004 - degrees
            return y - self._bottom, x - self._left
        if self._turn == 180:  # noqa: PLR2004
            return self._right - x, y - self._bottom
        if self._turn == 270:  # noqa: PLR2004
            return self._top - y, self._right - x
        return x - self._left, self._top - y


def _picture_facts(page: pdfium.PdfPage, area: float, most: int) -> tuple[float, int]:
    """The share of the largest image, and how many paths are drawn."""
    kinds = [pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING]
    share, drawings = 0.0, 0
    for thing in islice(page.get_objects(filter=kinds, max_depth=3), most):
        if thing.type != pdfium_c.FPDF_PAGEOBJ_IMAGE:
            drawings += 1
        elif thing.level > 0:
            share = 1.0  # its box is in the form's own measure
        else:
            left, bottom, right, top = thing.get_bounds()
            share = max(share, min(1.0, abs(right - left) * abs(top - bottom) / max(area, 1.0)))
    return share, drawings
