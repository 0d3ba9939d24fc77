"""Words broken at the end of a line: which keep their hyphen. Pure.

The book itself knows best: `peut-être` stands somewhere inside a line, and so does `souvenir`. Where it says
nothing, a lexicon and a few rules of French speak; without any sign a hyphen at a line's end is a break.
"""

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from feuilleton.french.word_lists import COMPOUND_HEADS

HYPHEN = "-"  # ends a line whose last word is broken

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HEAD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)-$")
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüœæ")

# What follows a verb with a hyphen. Those that begin with a vowel cannot be the rest of a broken word after a
# consonant: French breaks before the consonant.
_AFTER_VERB_VOWEL = frozenset({"il", "ils", "elle", "elles", "on", "en", "y"})
_AFTER_VERB = frozenset({"je", "tu", "nous", "vous", "moi", "toi", "lui", "leur", "ce", "là", "même", "mêmes"})
_AFTER_PLURAL_VERB = frozenset({"vous", "nous", "moi", "le", "la", "les", "lui", "leur"})
# Parts of words that are also words.
_PREFIXES = frozenset({"dé", "inter"})
_SUFFIXES = frozenset({"ment", "ments"})
_VERB_END = re.compile(r"(?:ez|ons|ais|ait|ent|is|it|ut|as|a|e|es|ont|ai|t|ds|s)$")
_COMPOUNDS = {
    "au": {"dessus", "dessous", "delà", "devant", "dedans", "dehors"},
    "là": {"bas", "haut", "dedans", "dessus", "dessous"},
    "ci": {"devant", "dessus", "dessous", "après", "joint", "inclus"},
    "peut": {"être"},
    "quelques": {"uns", "unes"},
    "jusque": {"là"},
    "vis": {"à"},
    "c'est": {"à"},
    "rendez": {"vous"},
    "quatre": {"vingt", "vingts"},
    "pêle": {"mêle"},
}


@dataclass
class Vocabulary:
    """How often each word stands unbroken in the book, in lower case, compounds whole. `lexicon` is asked second."""

    counts: Counter[str] = field(default_factory=Counter)
    lexicon: AbstractSet[str] = frozenset()

    def knows(self, word: str) -> bool:
        return self.counts[word] > 0 or word in self.lexicon


def read_vocabulary(lines: Iterable[str], lexicon: AbstractSet[str] = frozenset()) -> Vocabulary:
    """Count the words of lines in reading order, leaving out both parts of a word broken over two of them."""
    counts: Counter[str] = Counter()
    broken = False
    for line in lines:
        words = [word.lower() for word in _WORD.findall(line)]
        ends_broken = line.endswith(HYPHEN)
        counts.update(words[1 if broken else 0 : len(words) - 1 if ends_broken else None])
        broken = ends_broken
    return Vocabulary(counts, lexicon)


def join_broken(head: str, tail: str, vocabulary: Vocabulary, *, fix_hyphenation: bool) -> str:
    """`head`, which ends in a hyphen at the end of a line, with `tail`, the next line, put behind it.

    Without `fix_hyphenation` every hyphen stays, as printed. A dash set as a hyphen ('mot -') is no break.
    """
    before, after = _HEAD.search(head), _WORD.match(tail)
    if before is None or after is None:
        return head + tail if head[-2:-1].isdigit() or head[-2:-1].isalpha() else f"{head} {tail}"
    if fix_hyphenation and not _keeps_hyphen(before[1], after.group(), vocabulary):
        return head[:-1] + tail
    return head + tail


def _keeps_hyphen(head: str, tail: str, vocabulary: Vocabulary) -> bool:
    if tail[0].isupper() and not head.isupper():
        return True
    capital = head.rsplit("-", 1)[-1][0].isupper()
    head, tail = head.lower(), tail.lower()
    with_hyphen, without = f"{head}-{tail}", head + tail
    if vocabulary.counts[with_hyphen] != vocabulary.counts[without]:
        return vocabulary.counts[with_hyphen] > vocabulary.counts[without]
    last, first = head.rsplit("-", 1)[-1], tail.split("-", 1)[0]
    if last != "t" and vocabulary.knows(last + first):
        return False
    if _looks_compound(last, first, vocabulary):
        return True
    name = capital and first not in _AFTER_VERB | _AFTER_PLURAL_VERB  # Goder-ville: names rarely keep small parts
    return not name and last not in _PREFIXES and first not in _SUFFIXES and {last, first} <= vocabulary.lexicon


def _looks_compound(last: str, first: str, vocabulary: Vocabulary) -> bool:
    """Neither form is known."""
    if first in _COMPOUNDS.get(last, ()) or (last in COMPOUND_HEADS and vocabulary.knows(first)):
        return True
    if first in _AFTER_VERB_VOWEL:
        return last[-1] not in _VOWELS
    if last == first or "t" in (first, last) or (first in _AFTER_PLURAL_VERB and last.endswith(("ez", "ons"))):
        return True
    return first in _AFTER_VERB and vocabulary.knows(last) and bool(_VERB_END.search(last))
