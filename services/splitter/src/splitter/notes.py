"""Footnotes: the lines at the foot of a page that are no part of its text. Pure."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from splitter.layout import Layout
from splitter.pages import Line, Page

_SMALL_SHARE = 0.94  # of the size of the text
_SIGN = re.compile(
    r"^\s*(?:[⁰¹²³⁴-⁹]+|\(?\d{1,3}\)|\[\d{1,3}\]|\d{1,3}\.?(?=\s)|\*{1,3}(?=\s|\w)|[†‡])[\s.)–—-]*(?=\S)"
)
_CALL = re.compile(r"(?<=\S)(?<!\b[mM])(?<!\b[ckdh]m)(?<!\d)[ \u00a0\u202f]?(?:\([⁰¹²³⁴-⁹]+\)|[⁰¹²³⁴-⁹]+)")
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


def take_notes(page: Page, layout: Layout, *, open_note: bool) -> ParsedPage:
    """Take off the block of small type at the foot, if a sign of a note opens it, or a note of the page before is
    still open. Small type anywhere else (a letter, verse) stays.
    """
    foot = _small_foot(page, layout)
    signs = [at for at in range(foot, len(page.lines)) if _SIGN.match(page.lines[at].text)]
    begin = foot if open_note else signs[0] if signs else len(page.lines)
    if begin == len(page.lines) or not (signs or open_note):
        return ParsedPage(page)
    bounds = [*signs, len(page.lines)]
    notes = tuple((_without_sign(page.lines[start]), *page.lines[start + 1 : end]) for start, end in pairwise(bounds))
    body = _without_calls(page.lines[:begin], starred=any(page.lines[at].text.startswith("*") for at in signs))
    return ParsedPage(replace(page, lines=body), notes, page.lines[begin : bounds[0]])


def note_is_open(lines: tuple[Line, ...]) -> bool:
    """Whether a note that ends its page with these lines goes on at the foot of the next."""
    return bool(lines) and not _ENDS.search(lines[-1].text)


def without_calls(text: str) -> str:
    """The text without raised figures behind a word; exponents of a measure (m², 10³) stay."""
    return _CALL.sub("", text)


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
