"""Marks and capitals of a card. Pure."""

import re
from collections.abc import Iterator

from extractor.french import WITHOUT_ELISION, collapse_spaces, tokenize
from extractor.lexicon import Lexicon
from extractor.verdicts import Verdict

_OPENERS, _CLOSERS = "«“([", "»”)]"
_PAIRS = dict(zip(_CLOSERS, _OPENERS, strict=True))
_FINAL_MARKS = frozenset(".!?…")
# A comma and a full stop together, a space ahead of them, none behind, guillemets around nothing, `l' ami`.
_STRAY = re.compile(
    r"[,;:]\s*[.,;:!?…]|\s[,.](?!\.)|[^\W\d][,;!?][^\W\d]|[«“(\[]\s*[»”)\]]|\w['’]\s|(?<!\.)\.\.(?!\.)|[-‑]\s+\w*[-‑]"
)
_UNELIDED = re.compile(
    r"(?<![-‑\w'’])(?:le|la|je|me|te|se|de|ne|ce|que|lorsque|puisque|quoique)\s+([aeiouàâéèêëîïôœùû]\w*)"
    r"|(?<![-‑\w'’])si\s+(ils?)(?!\w)",
    re.IGNORECASE,
)
_UNCONTRACTED = re.compile(r"(?<![-‑\w'’])(?:de|à)\s+les?\s+", re.IGNORECASE)
_REACH_OF_INFINITIVE = 3  # `de le lui bien faire`
_BARE_END = re.compile(r"\w[\s»”)\]]*$")


def typography_faults(card: str, source: str, lexicon: Lexicon) -> Iterator[Verdict]:
    """Each fault of the card's marks and elisions, once. A run of marks that the source has is the author's."""
    if not _is_balanced(card):
        yield Verdict.UNBALANCED
    first = next((char for char in card if char.isalnum()), "")
    if first != first.upper():
        yield Verdict.NO_CAPITAL
    last = card.rstrip(_CLOSERS + '"*_ \u00a0\u202f')[-1:]
    if last not in _FINAL_MARKS:
        yield Verdict.NO_FINAL_MARK
    if any(match.group() not in source for match in _STRAY.finditer(card)):
        yield Verdict.STRAY_MARKS
    if any(found not in source for found in _joints(card, lexicon)):
        yield Verdict.ELISION


def _joints(card: str, lexicon: Lexicon) -> Iterator[str]:
    """Words side by side that French writes as one: `je ai`, `de le` ahead of a noun."""
    for match in _UNELIDED.finditer(card):
        if (match[1] or match[2]).lower() not in WITHOUT_ELISION:
            yield match.group()
    for match in _UNCONTRACTED.finditer(card):
        following = tokenize(card[match.end() :])[:_REACH_OF_INFINITIVE]
        readings = (reading for token in following for reading in lexicon.readings(token.key))
        if not any(reading.features.startswith("W") for reading in readings):
            yield match.group()


def asks(card: str) -> bool:
    """Whether something is asked or cried in it."""
    return "?" in card or "!" in card


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
