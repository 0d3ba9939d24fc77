"""Where a paragraph begins. Pure.

It begins where the printer shows it: an indent, a blank line, a line that stopped short though the next word had room.
What the printer does not show is not guessed.
"""

import re
from dataclasses import dataclass

from feuilleton.french.hyphenation import HYPHEN
from splitter.layout import Layout, Margins, had_room
from splitter.pages import Line

_SET_RIGHT = 5.0  # times the size of the text: a line this much further in than the next is set to the right
_VERSE_STEP = 1.2  # times the usual distance of lines: further apart, another stanza begins
_VERSE_SHORT = 2.5  # times the size of the text: how far from the margin a verse ends at least
_ENDS = re.compile(r"[.!?…:»”\")\]][\s»”\")\]]*(?:[⁰¹²³⁴-⁹]+)?$")
_ASTERISM = re.compile(r"^[*∗⁂✻❦❧•·][\s*∗⁂✻❦❧•·]*$")
_DASH = re.compile(r"^(?:[—–]|-(?=[\s\u00a0\u202f]))")


@dataclass(frozen=True)
class Placed:
    """A line of text with what decides whether a paragraph begins with it."""

    line: Line
    page: int
    margins: Margins
    apart: bool  # a blank line before it
    fresh: bool  # first of its page or column


def begins_paragraph(last: Placed, line: Placed, layout: Layout) -> bool:
    """Whether `line` opens a paragraph, with `last` the line before it in the flow."""
    if _ASTERISM.match(line.line.text) or _ASTERISM.match(last.line.text):
        return True
    ended = bool(_ENDS.search(last.line.text))
    if last.line.text.endswith(HYPHEN) or (not ended and _goes_on(last, line, layout)):
        return False
    if _goes_on_in_stanza(last, line, layout):
        return False
    if line.apart or _is_indent(_inset(line), last, layout):
        return True
    return (ended and layout.indent == 0 and bool(_DASH.match(line.line.text))) or had_room(
        last.line, line.line, last.margins.right, layout.body_size
    )


def _goes_on(last: Placed, line: Placed, layout: Layout) -> bool:
    """A sentence that is not at its end goes on: in small letters, or from verse to verse. The short line after
    which a full one begins is no verse ('Monsieur le Directeur,').
    """
    text = line.line.text
    if text[:1].islower() or text[:1] in ",;:)":
        return True
    if line.apart or not text[:1].isalpha():
        return False
    if _is_set_in(last, layout) and _is_set_in(line, layout) and _inset(line) < _inset(last) + 0.3 * layout.body_size:
        return True  # a verse, after one that reached the margin or was turned over
    aligned = _are_aligned(last, line, layout) and _inset(line) > 0.5 * layout.body_size
    return _are_short(last, line, layout) and (aligned or last.line.text.endswith(","))


def _goes_on_in_stanza(last: Placed, line: Placed, layout: Layout) -> bool:
    """From verse to verse after the end of a sentence: short lines one under the other, set in from the text."""
    stanza = _are_short(last, line, layout) and _are_aligned(last, line, layout) and _is_set_in(line, layout)
    step = line.line.baseline - last.line.baseline
    return stanza and 0 < step < _VERSE_STEP * layout.leading and line.line.text[:1].isalpha()


def _inset(one: Placed) -> float:
    return one.line.left - one.margins.left


def _is_set_in(one: Placed, layout: Layout) -> bool:
    """Further in than the text and its paragraphs' first lines."""
    inset = _inset(one)
    return inset > 0.5 * layout.body_size and abs(inset - layout.indent) > 0.3 * layout.body_size


def _are_short(last: Placed, line: Placed, layout: Layout) -> bool:
    return all(one.margins.right - one.line.right > _VERSE_SHORT * layout.body_size for one in (last, line))


def _are_aligned(last: Placed, line: Placed, layout: Layout) -> bool:
    return abs(_inset(line) - _inset(last)) < 0.3 * layout.body_size


def _is_indent(inset: float, last: Placed, layout: Layout) -> bool:
    """The book's own indent; or a line further in than the one before it; or one after a date set to the right."""
    size = layout.body_size
    if layout.indent and abs(inset - layout.indent) < 0.3 * size:
        return True
    deeper = inset - _inset(last)
    if deeper < -_SET_RIGHT * size:
        return True
    return 0.5 * size < inset < 8 * size and deeper > 0.5 * size
