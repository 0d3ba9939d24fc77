"""Words broken at the end of a line: which keep their hyphen. Pure.

The book itself knows best: `peut-être` stands somewhere inside a line, and so does `souvenir`. Where it says
nothing, a lexicon and a few rules of French speak; without any sign a hyphen at a line's end is a break, unless the
book never breaks a word.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from feuilleton.french.word_lists import COMPOUND_HEADS

HYPHEN = "-"  # ends a line whose last word is broken

_FEW_BREAKS = 8  # too few to tell a printer's habit
_WHOLE_SHARE = 0.25  # measured: 0 to 5 % of the hyphens of a book that breaks no words, 75 to 95 % of another's
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
_SUFFIXES = frozenset(
    {"ment", "ments", "rie", "ries", "née", "nées", "nette", "nettes", "lait", "rait", "tait", "tais", "lons", "rons"}
    | {"sons", "tons", "teur", "teurs", "ture", "tures"}
)
# Little words that link the parts of a compound of three or more: haut-le-cœur, Mont-de-Piété.
_LINKS = frozenset({"de", "du", "la", "le", "les", "en", "à", "au", "aux", "et", "sur", "sous", "lès", "l", "d"})
_SURELY_APART = frozenset({"moi", "toi", "là"})  # behind what makes no word with them
_VERB_END = re.compile(r"(?:ez|ons|ais|ait|ent|is|it|ut|as|a|e|es|ont|ai|t|ds|s)$")
_COMPOUNDS = {
    "au": {"dessus", "dessous", "delà", "devant", "dedans", "dehors"},
    "là": {"bas", "haut", "dedans", "dessus", "dessous"},
    "ci": {"devant", "dessus", "dessous", "après", "joint", "inclus"},
    "peut": {"être"},
    "quelques": {"uns", "unes"},
    "jusque": {"là"},
    "vis": {"à"},
    "par": {"dessus", "dessous", "delà", "devant", "derrière", "ci", "là"},
    "bric": {"à"},
    "brûle": {"pourpoint", "gueule", "parfum", "parfums"},
    "cahin": {"caha"},
    "clopin": {"clopant"},
    "in": {"folio", "octavo", "quarto", "douze", "seize"},
    "lapis": {"lazuli"},
    "post": {"scriptum"},
    "potron": {"minet", "jaquet"},
    "quote": {"part", "parts"},
    "tohu": {"bohu"},
    "c'est": {"à"},
    "rendez": {"vous"},
    "quatre": {"vingt", "vingts"},
    "pêle": {"mêle"},
}


@dataclass
class Vocabulary:
    """How often each word stands unbroken in the book, in lower case, compounds whole. `lexicon` is asked second.

    `breaks_words`: the printer did so; where he did not, each hyphen at the end of a line is the word's own.
    """

    counts: Counter[str] = field(default_factory=Counter)
    lexicon: AbstractSet[str] = frozenset()
    breaks_words: bool = True

    def knows(self, word: str) -> bool:
        return self.counts[word] > 0 or self.lists(word)

    def lists(self, word: str) -> bool:
        """Whether the lexicon has it, which writes œ and æ as two letters."""
        return word in self.lexicon or word.replace("œ", "oe").replace("æ", "ae") in self.lexicon


def read_vocabulary(lines: Iterable[str], lexicon: AbstractSet[str] = frozenset()) -> Vocabulary:
    """Count the words of lines in reading order, leaving out both parts of a word broken over two of them."""
    vocabulary = Vocabulary(Counter(), lexicon)
    breaks: list[tuple[str, str]] = []
    head = ""  # of a word broken at the end of the line before
    for line in lines:
        words = [word.lower() for word in _WORD.findall(line)]
        ends_broken = line.endswith(HYPHEN)
        vocabulary.counts.update(words[1 if head else 0 : len(words) - 1 if ends_broken else None])
        if head and words:
            breaks.append((head, words[0]))
        head = words[-1] if ends_broken and words else ""
    vocabulary.breaks_words = _breaks_words(breaks, vocabulary)
    return vocabulary


def _breaks_words(breaks: Sequence[tuple[str, str]], vocabulary: Vocabulary) -> bool:
    """Whether parts at the ends of lines make words without their hyphen: few do where only compounds are parted."""
    if len(breaks) < _FEW_BREAKS:
        return True
    whole = sum(vocabulary.knows(head.rsplit("-", 1)[-1] + tail.split("-", 1)[0]) for head, tail in breaks)
    return whole > _WHOLE_SHARE * len(breaks)


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
    linked = _is_linked(head, tail)
    head, tail = head.lower(), tail.lower()
    with_hyphen, without = vocabulary.counts[f"{head}-{tail}"], vocabulary.counts[head + tail]
    if with_hyphen != without:
        return with_hyphen > without
    last, first = head.rsplit("-", 1)[-1], tail.split("-", 1)[0]
    if not vocabulary.breaks_words or vocabulary.lists(f"{last}-{first}") or first in _COMPOUNDS.get(last, ()):
        return True
    if last != "t" and vocabulary.knows(last + first):
        return False
    if linked or _looks_compound(last, first, vocabulary):
        return True
    name = capital and first not in _AFTER_VERB | _AFTER_PLURAL_VERB  # Goder-ville: names rarely keep small parts
    return not name and _are_two_words(last, first, vocabulary)


def _is_linked(head: str, tail: str) -> bool:
    """Parts of a compound of three: 'Mont-' 'de-Piété', 'haut-le-' 'cœur'."""
    return (HYPHEN in tail and tail.split("-", 1)[0] in _LINKS) or (
        HYPHEN in head and head.rsplit("-", 1)[-1] in _LINKS
    )


def _are_two_words(last: str, first: str, vocabulary: Vocabulary) -> bool:
    """Both parts are words, and not by chance: French breaks between doubled consonants ('mol-lis')."""
    if last in _PREFIXES or first in _SUFFIXES or (last[-1] == first[0] and first[0] not in _VOWELS):
        return False
    return vocabulary.lists(last) and vocabulary.lists(first)


def _looks_compound(last: str, first: str, vocabulary: Vocabulary) -> bool:
    """Neither form is known."""
    if (last in COMPOUND_HEADS and vocabulary.knows(first)) or (first in _SURELY_APART and len(last) > 1):
        return True
    if first in _AFTER_VERB_VOWEL:
        return last[-1] not in _VOWELS
    if last == first or "t" in (first, last) or (first in _AFTER_PLURAL_VERB and last.endswith(("ez", "ons"))):
        return True
    return first in _AFTER_VERB and vocabulary.knows(last) and bool(_VERB_END.search(last))
