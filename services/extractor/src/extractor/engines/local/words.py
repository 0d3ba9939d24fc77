"""Text to words, cut as the French treebanks cut them (l' | ami, dit | -il), with their place in the text.

spaCy's own tokenizer splits 'plate-bande' and reads a leading dash as a word, so words are cut here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_ABBREVIATIONS = r"(?:MM|M|Mr|Mrs|Dr|St|Ste|Mgr|[A-ZÀ-Ý])\.(?=\s+[\w«])"
_ELISIONS = r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)"
_WHOLE = r"(?:aujourd['’]hui|quelqu['’]une?|prud['’]hommes?|c['’]est-à-dire|presqu['’]îles?|entr['’]\w+)"
_DASHES = "—–"
_TOKEN = re.compile(
    rf"{_WHOLE}|{_ABBREVIATIONS}|{_ELISIONS}|\d+(?:[.,]\d+)*|\w+(?:-\w+)*|\.\.\.|--|[^\w\s]", re.IGNORECASE
)
# A verb with its pronoun behind it: dit-il, a-t-elle, dis-je; and what an imperative carries: donne-le-moi.
_CLITIC = re.compile(
    r"(?P<base>.+?)(?P<clitics>(?:-t)?-(?:je|tu|il|elle|on|nous|vous|ils|elles|ce|le|la|les|lui|leur|moi|toi|y|en)"
    r"(?:-(?:le|la|les|lui|leur|moi|toi|nous|vous|y|en))?)",
    re.IGNORECASE,
)
_HYPHENED_WORDS = frozenset(
    {"rendez-vous", "peut-être", "au-delà", "là-dessus", "sauve-qui-peut", "ouï-dire", "laissez-moi"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """`text[begin:end]` of the source; `norm` is lower case with straight apostrophes."""

    text: str
    begin: int
    end: int

    @property
    def norm(self) -> str:
        return self.text.replace("’", "'").lower()

    @property
    def is_word(self) -> bool:
        return any(ch.isalnum() for ch in self.text)

    @property
    def is_dash(self) -> bool:
        return self.text == "--" or self.text in _DASHES

    @property
    def is_clitic_behind(self) -> bool:
        """-il, -t-elle, -le-moi: the sign of a question, an incise or an order."""
        return len(self.text) > 1 and self.text.startswith("-")


def count_words_of(words: Sequence[Word]) -> int:
    """Of these words put side by side, those that begin behind a space: never more than the card will have."""
    return sum(two.is_word and one.end < two.begin for one, two in pairwise(words)) + words[0].is_word


def split_words(text: str) -> tuple[Word, ...]:
    """Words and punctuation marks in order; every character but white space is in exactly one."""
    words: list[Word] = []
    for match in _TOKEN.finditer(text):
        words.extend(_with_clitics(match.group(), match.start(), text))
    return tuple(words)


def _with_clitics(piece: str, begin: int, text: str) -> list[Word]:
    end = begin + len(piece)
    if piece == "-" and _stands_alone(begin, end, text):
        return [Word("—", begin, end)]
    split = _CLITIC.fullmatch(piece) if "-" in piece else None
    if split is None or piece.lower() in _HYPHENED_WORDS:
        return [Word(piece, begin, end)]
    middle = begin + len(split["base"])
    return [Word(text[begin:middle], begin, middle), Word(text[middle:end], middle, end)]


def _stands_alone(begin: int, end: int, text: str) -> bool:
    before = text[begin - 1 : begin]
    after = text[end : end + 1]
    return (not before or before.isspace()) and (not after or after.isspace())
