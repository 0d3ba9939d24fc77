"""Footnotes: the lines at the foot of a page that are no part of its text. Pure."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from feuilleton.french.hyphenation import HYPHEN
from splitter.layout import Layout, had_room, near
from splitter.pages import Line, Page

_SMALL_SHARE = 0.94  # of the size of the text
_SET_IN = 0.5  # of the type's size: a line further in than this begins a paragraph, or is a letter or verse
# A bare number of four figures is a year sooner than a note.
_SIGN = re.compile(
    r"^\s*(?:[⁰¹²³⁴-⁹]+|\(?\d{1,4}\)|\[\d{1,4}\]|\d{1,3}\.?(?=\s)|\*{1,3}(?=\s|\w)|[†‡])[\s.)–—-]*(?=\S)"
)
_CALL = re.compile(r"(?<=\S)(?<!\b[mM])(?<!\b[ckdh]m)(?<!\d)[ \u00a0\u202f]?(?:\([⁰¹²³⁴-⁹]+\)|[⁰¹²³⁴-⁹]+)")
_FIRST_CALL = re.compile(r"^[⁰¹²³⁴-⁹]+\s*(?=\S)")  # of a line: its word ended the line before
_STAR_CALL = re.compile(r"(?<=[^\s*])\s?\(?\*{1,2}\)?(?=[\s,.;:!?»)]|$)(?!\*)")
_ENDS = re.compile(r"[.!?…»)\]]\s*$")


@dataclass(frozen=True)
class ParsedPage:
    """A page with its notes taken off: each note is its lines, the first without its sign.

    `carried` is what continues the last note of the page before.
    """

    page: Page
    notes: tuple[tuple[Line, ...], ...] = ()
    carried: tuple[Line, ...] = ()


@dataclass(frozen=True)
class LastNote:
    """The last line of a page's last note, and where the type of that page ends."""

    line: Line
    right: float

    def goes_on(self, first: Line, left: float) -> bool:
        """Whether it goes on with `first`, the first line of small type at the foot of the next page, whose type begins
        at `left`. Where a sentence of it ended on its page, only the room tells: a line that had room for the next word
        is its last.
        """
        if self.line.text.endswith(HYPHEN) or first.text[:1].islower():
            return True
        if had_room(self.line, first, self.right, first.size):
            return False
        set_in = first.left - left > _SET_IN * first.size or not near(first.size, self.line.size)
        return not (set_in and _ENDS.search(self.line.text))


def take_notes(page: Page, layout: Layout, last: LastNote | None = None) -> ParsedPage:
    """Take off the block of small type at the foot, if a sign of a note opens it, or if `last`, the last note of the
    page before, goes on with it. Small type anywhere else (a letter, verse) stays.
    """
    foot = _small_foot(page, layout)
    signs = [at for at in range(foot, len(page.lines)) if _SIGN.match(page.lines[at].text)]
    goes_on = _goes_on(page, foot, layout, last)
    if not (signs or goes_on):
        return ParsedPage(page)
    begin = foot if goes_on else signs[0]
    bounds = [*signs, len(page.lines)]
    notes = tuple((_without_sign(page.lines[start]), *page.lines[start + 1 : end]) for start, end in pairwise(bounds))
    body = _without_calls(page.lines[:begin], starred=any(page.lines[at].text.startswith("*") for at in signs))
    return ParsedPage(replace(page, lines=body), notes, page.lines[begin : bounds[0]])


def last_note(parsed: ParsedPage, layout: Layout) -> LastNote | None:
    """The note that may go on at the foot of the next page."""
    lines = parsed.notes[-1] if parsed.notes else parsed.carried
    return LastNote(lines[-1], layout.frame(parsed.page).of(lines[-1]).right) if lines else None


def _goes_on(page: Page, foot: int, layout: Layout, last: LastNote | None) -> bool:
    if last is None or foot == len(page.lines):
        return False
    first = page.lines[foot]
    return not _SIGN.match(first.text) and last.goes_on(first, layout.frame(page).of(first).left)


def without_calls(text: str) -> str:
    """The text without raised figures behind a word; exponents of a measure (m², 10³) stay."""
    return _CALL.sub("", _FIRST_CALL.sub("", text))


def _small_foot(page: Page, layout: Layout) -> int:
    """The index from which all lines are of small type."""
    at = len(page.lines)
    while at > 0 and page.lines[at - 1].size <= _SMALL_SHARE * layout.body_size:
        at -= 1
    return at


def _without_sign(line: Line) -> Line:
    return replace(line, text=_SIGN.sub("", line.text))


def _without_calls(lines: tuple[Line, ...], *, starred: bool) -> tuple[Line, ...]:
    if not starred:
        return lines
    return tuple(replace(line, text=_STAR_CALL.sub("", line.text)) for line in lines)
