"""The words of French text: elisions and inversions taken apart, compounds whole. Pure."""

import re
import unicodedata
from collections.abc import Iterator

_RUN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*'?")
_SAME = str.maketrans({"’": "'", "ʼ": "'", "‑": "-", "‐": "-", "\u00ad": None})

# What stands before an apostrophe, as the word that it is.
_ELIDED = {
    "l": "le",
    "j": "je",
    "m": "me",
    "t": "te",
    "s": "se",
    "n": "ne",
    "d": "de",
    "c": "ce",
    "qu": "que",
    "jusqu": "jusque",
    "lorsqu": "lorsque",
    "puisqu": "puisque",
    "quoiqu": "quoique",
}
# What follows a verb or noun with a hyphen and is a word of its own.
_BEHIND = frozenset(
    {"je", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles", "ce", "moi", "toi", "lui", "leur", "le", "la"}
    | {"les", "y", "en", "ci", "là", "même", "mêmes"}
)
_EUPHONIC = frozenset({"t", "z"})  # a-t-il
_WHOLE = frozenset({"rendez-vous", "garde-à-vous", "sauve-qui-peut", "qui-vive", "là-bas", "là-haut"})


def words_of(text: str) -> Iterator[str]:
    """In order, as written but for apostrophes (always ') and hyphens.

    What was elided is whole: `l'eau` gives `le`, `eau`; `dit-il` gives `dit`, `il`.
    """
    for run in _RUN.findall(unicodedata.normalize("NFC", text).translate(_SAME)):
        yield from _parts(run)


def _parts(run: str) -> Iterator[str]:
    head, apostrophe, rest = run.partition("'")
    if apostrophe and head.lower() in _ELIDED:
        yield _ELIDED[head.lower()]
        if rest:
            yield from _parts(rest)
    elif run.endswith("'"):
        yield from _parts(run[:-1])
    else:
        yield from _unhyphened(run)


def _unhyphened(word: str) -> Iterator[str]:
    behind: list[str] = []
    while "-" in word and word.lower() not in _WHOLE:
        head, _, last = word.rpartition("-")
        if last.lower() in _BEHIND:
            behind.append(last)
        elif last.lower() not in _EUPHONIC or not behind:
            break
        word = head
    yield word
    yield from reversed(behind)
