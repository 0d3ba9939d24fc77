"""Which words of a book are names: its own text says so, as no list can. Pure."""

import re
from collections.abc import Iterable

_CAPITAL_INSIDE = re.compile(r"[ \u00a0\u202f](?<=[a-zà-ÿœ,;].)([A-ZÀ-ÖØ-ÞŒ][\w’'-]*\w)")
_OUTER_MARKS = ".,;:!?…«»“”\"'’()[]—–-"


def read_names(paragraphs: Iterable[str]) -> frozenset[str]:
    """The words that have a capital inside a sentence and are never written with a small letter in these texts."""
    capitals: set[str] = set()
    words: set[str] = set()
    for paragraph in paragraphs:
        capitals.update(_CAPITAL_INSIDE.findall(paragraph))
        words.update(paragraph.split())
    small = {word.strip(_OUTER_MARKS) for word in words if not word[:1].isupper()}
    return frozenset(name for name in capitals if name.lower() not in small)
