"""Which lines are headings of chapters and parts: by the outline, by words, by place and type. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from feuilleton.french.hyphenation import HYPHEN, Vocabulary
from splitter.chapter_words import close_up, has_chapter_word, numbers_chapter
from splitter.layout import Frame, Layout
from splitter.pages import Line, Page

_BIG = 1.15  # times the size of the text
_APART = 1.45  # times the usual distance of lines
_SET_OFF = 1.25  # likewise: enough for a centred number
_TITLE_INSET = 0.3  # of the size of the text: no line of a paragraph is set in so on both sides
_TITLE_WORDS = 25
_BLOCK_LINES = 7  # more lines of big type than this are text
_DROP_CAP = 1.8  # times the size of the text
_BROKEN = re.compile(rf"[^\W_]{HYPHEN}$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORDS_OF_A_LETTER = frozenset("AÀYOÔ")
_PLAIN = re.compile(r"[\W_]+")


def plain_title(text: str) -> str:
    """A title for comparison: letters and figures alone, in one case."""
    return _PLAIN.sub(" ", close_up(text).casefold()).strip()


def merge_drop_caps(page: Page, layout: Layout, vocabulary: Vocabulary) -> Page:
    """The page with each big initial put before the line that it begins."""
    lines: list[Line] = []
    cap: Line | None = None
    for line in page.lines:
        if cap is not None:
            space = " " if _is_word_alone(cap.text, line.text, vocabulary) else ""
            line = replace(line, text=cap.text + space + line.text)  # noqa: PLW2901
            cap = None
        elif _is_drop_cap(line, page, layout):
            cap = line
            continue
        lines.append(line)
    return replace(page, lines=(*lines, cap) if cap else tuple(lines))


def _is_word_alone(cap: str, rest: str, vocabulary: Vocabulary) -> bool:
    """Whether a big initial is a word, and no letter of the one behind it ('À' before 'cette')."""
    word = _FIRST_WORD.match(rest)
    if word is None or word.group().lower() != word.group():
        return rest[:1] not in "'’"
    return cap in _WORDS_OF_A_LETTER and not vocabulary.knows(cap.lower() + word.group()) and vocabulary.knows(word[0])


def _is_drop_cap(line: Line, page: Page, layout: Layout) -> bool:
    """A letter or two of big type that hangs down into the lines beside it."""
    if len(line.text) > 3 or line.size < _DROP_CAP * layout.body_size or not line.text[-1:].isalpha():  # noqa: PLR2004
        return False
    at = page.lines.index(line) + 1
    return at < len(page.lines) and page.lines[at].baseline <= line.baseline and page.lines[at].left >= line.left


def heading_lines(page: Page, frame: Frame, layout: Layout, titles: Collection[str]) -> frozenset[int]:
    """The indexes of the page's heading lines. `titles` are those of the outline for this page, plain."""
    found: set[int] = set()
    for at in range(len(page.lines)):
        if _is_heading(page, at, frame, layout, titles) or (at - 1 in found and _is_title(page, at, frame, layout)):
            found.add(at)
    return frozenset(found - _long_runs(found, page))


def _is_heading(page: Page, at: int, frame: Frame, layout: Layout, titles: Collection[str]) -> bool:
    line = page.lines[at]
    if len(close_up(line.text).split()) > _TITLE_WORDS or _BROKEN.search(line.text):
        return False
    if _in_outline(line, titles):
        return True
    before, after = distances(page.lines, at)
    alone = before > _APART * layout.leading and after > _APART * layout.leading
    centred = _is_centred(line, frame, layout)
    if has_chapter_word(line.text):
        return alone or centred or line.size >= _BIG * layout.body_size
    big = line.size >= _BIG * layout.body_size
    if numbers_chapter(line.text):
        set_off = min(before, after) > _SET_OFF * layout.leading
        if set_off and _is_centred(line, frame, layout, inset=_TITLE_INSET):
            return True  # a title of its own may be nearly as wide as the text
        return (big and before > _APART * layout.leading) or (centred and _is_short(line))
    return big and (alone or centred or at == 0)


def _in_outline(line: Line, titles: Collection[str]) -> bool:
    """The line is a bookmark's title, or a clear part of one that was set over several lines."""
    plain = plain_title(line.text)
    return bool(plain) and any(plain == title or (len(plain) > 8 and plain in title) for title in titles)  # noqa: PLR2004


def _is_title(page: Page, at: int, frame: Frame, layout: Layout) -> bool:
    """A line under a heading that goes on with it: centred or of other size, and apart from the text."""
    line = page.lines[at]
    if (
        len(close_up(line.text).split()) > _TITLE_WORDS
        or line.text.endswith((",", ";", HYPHEN))
        or line.text[:1] in "«—–"
    ):
        return False
    big = line.size >= _BIG * layout.body_size
    _, after = distances(page.lines, at)
    return big or (_is_centred(line, frame, layout) and after > _APART * layout.leading)


def _is_centred(line: Line, frame: Frame, layout: Layout, inset: float = 1.0) -> bool:
    """`inset`: how far from both margins at least, in sizes of the text."""
    margins = frame.of(line)
    off = abs((line.left + line.right) / 2 - margins.centre)
    room = min(line.left - margins.left, margins.right - line.right)
    return off < 0.6 * layout.body_size and room > inset * layout.body_size


def _is_short(line: Line) -> bool:
    return len(line.text) <= 12  # noqa: PLR2004 - '-- XXXVIII --'


def distances(lines: Sequence[Line], at: int) -> tuple[float, float]:
    """How far the line is below the one before and above the one after; infinite at an edge of page or column."""
    before = lines[at].baseline - lines[at - 1].baseline if at > 0 else float("inf")
    after = lines[at + 1].baseline - lines[at].baseline if at + 1 < len(lines) else float("inf")
    return (before if before > 0 else float("inf"), after if after > 0 else float("inf"))


def _long_runs(found: set[int], page: Page) -> set[int]:
    """Lines of a run too long to be a heading: a page of big type, such as a letter or an inscription."""
    runs: list[list[int]] = []
    for at in sorted(found):
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    long = [run for run in runs if len(run) > _BLOCK_LINES and sum(len(page.lines[at].text) for at in run) > 300]  # noqa: PLR2004
    return {at for run in long for at in run}
