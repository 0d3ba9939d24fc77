"""Two ways to make cards that know no French: what a figure gives them for free, it does not measure.

Both get a capital and a full stop, as anyone would add; quotes and brackets are left out.
"""

import re
from collections.abc import Callable, Iterator

from feuilleton.contracts.text import count_words

_MARKS = re.compile(r"[«»“”\"()\[\]]")
_TRAILING = " ,;:—–-\u00a0\u202f"

Cut = Callable[[str, int], list[str]]


def every_limit_words(sentence: str, limit: int) -> list[str]:
    """A card for every `limit` words, and one for the rest."""
    return list(_finished(_runs(sentence, limit)))


def at_commas(sentence: str, _limit: int) -> list[str]:
    """A card for each piece between commas, whatever its length."""
    return list(_finished(iter(sentence.split(","))))


def _runs(sentence: str, limit: int) -> Iterator[str]:
    run: list[str] = []
    for token in sentence.split():
        if count_words(" ".join((*run, token))) > limit:
            yield " ".join(run)
            run = []
        run.append(token)
    yield " ".join(run)


def _finished(pieces: Iterator[str]) -> Iterator[str]:
    for piece in pieces:
        body = " ".join(_MARKS.sub(" ", piece).split()).strip(_TRAILING)
        if count_words(body):
            yield body[:1].upper() + body[1:] + ("" if body.endswith((".", "!", "?", "…")) else ".")
