"""Marks and capitals of a card. Pure."""

import re
from collections.abc import Iterator

from extractor.french import collapse_spaces
from extractor.verdicts import Verdict

_OPENERS, _CLOSERS = "«“([", "»”)]"
_PAIRS = dict(zip(_CLOSERS, _OPENERS, strict=True))
_FINAL_MARKS = frozenset(".!?…")
_BARE_END = re.compile(r"\w[\s»”)\]]*$")


def typography_faults(card: str) -> Iterator[Verdict]:
    """Each fault of the card's marks, once."""
    if not _is_balanced(card):
        yield Verdict.UNBALANCED
    first = next((char for char in card if char.isalnum()), "")
    if first != first.upper():
        yield Verdict.NO_CAPITAL
    last = card.rstrip(_CLOSERS + '"*_ \u00a0\u202f')[-1:]
    if last not in _FINAL_MARKS:
        yield Verdict.NO_FINAL_MARK


def asks(card: str) -> bool:
    """Whether it is a question or an exclamation."""
    return card.rstrip(_CLOSERS + " \u00a0\u202f").endswith(("?", "!"))


def tidy(card: str) -> str:
    """A model's card without slips that need no second call: stray spaces, a small first letter, no full stop."""
    text = collapse_spaces(card)
    first = next((index for index, char in enumerate(text) if char.isalnum()), None)
    if first is not None:
        text = text[:first] + text[first].upper() + text[first + 1 :]
    if _BARE_END.search(text):
        text += "."
    return text


def _is_balanced(card: str) -> bool:
    open_marks: list[str] = []
    for char in card:
        if char in _OPENERS:
            open_marks.append(char)
        elif char in _PAIRS and (not open_marks or open_marks.pop() != _PAIRS[char]):
            return False
    return not open_marks and card.count('"') % 2 == 0
