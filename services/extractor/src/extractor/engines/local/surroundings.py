"""A card in its whole source, and what marks it there."""

import re
from dataclasses import dataclass
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Segment
from extractor.engines.local.words import Word

_STOPS = re.compile(r"[.;»«—]|[!?…]\s+(?=[A-ZÀÉÊÎÔ])")
_MARKS = re.compile(r"[;:.!?…»«]")
THINGS = frozenset({"le", "la", "l'", "les"})
FEW_WORDS = 4
_THIRD = frozenset({"il", "elle", "ils", "elles", "ce", "c'", "cela", "ça", "on"})
_STRESSED = frozenset({"lui", "elle", "eux", "elles", "cela"})
_THEIRS = frozenset({"leur", "leurs"})


@dataclass(frozen=True)
class Surroundings:
    """A card in its source. `own`: its words, without a subject said again; `before`, `after`: the source around
    them; `left_out`: what of the source stands between its words. All texts lower case with straight apostrophes.
    """

    source: str
    own: tuple[Word, ...]
    segment: Segment
    forms: Forms
    subject: tuple[Word, ...] = ()

    @property
    def first(self) -> Word:
        """The first word of the card, be it of a subject said again."""
        return self.subject[0] if self.subject else self.own[0]

    @property
    def norms(self) -> tuple[str, ...]:
        return tuple(word.norm for word in self.own)

    @property
    def text(self) -> str:
        """All words of the card, the subject said again among them."""
        return " ".join([*(word.norm for word in self.subject), *self.norms]).replace("' ", "'")

    @property
    def before(self) -> str:
        return plain(self.source[: self.own[0].begin])

    @property
    def after(self) -> str:
        return plain(self.source[self.own[-1].end :])

    @property
    def stretch(self) -> str:
        """What stands before the card behind the last strong stop."""
        before = self.source[: self.own[0].begin]
        last = max((found.end() for found in _STOPS.finditer(before)), default=0)
        return plain(before[last:])

    @property
    def lead(self) -> str:
        """What stands before the card behind the last mark but a comma."""
        return _MARKS.split(self.before)[-1]

    @property
    def left_out(self) -> str:
        words = [*self.subject, *self.own]
        gaps = (self.source[one.end : two.begin] for one, two in pairwise(words))
        return plain(" | ".join(gaps))


def marks(place: Surroundings) -> tuple[str, ...]:
    """Flags for the card: what `strict` does not give."""
    found = {
        "trails_off": breaks_off(place),
        "pronoun_object": has_object_pronoun(place),
        "quoted": place.segment.quoted,
        "refers_back": _refers_back(place),
        "few_words": len(place.norms) < FEW_WORDS,
    }
    return tuple(name for name, holds in found.items() if holds)


def _refers_back(place: Surroundings) -> bool:
    """'Il' with the source's words before it, 'sur lui', 'leurs essences'."""
    norms = place.norms
    inner = norms[0] in _THIRD and bool(re.search(r"\w", place.before))
    stressed = any(two in _STRESSED and one in fr.PREPOSITIONS for one, two in pairwise(norms))
    return inner or stressed or not _THEIRS.isdisjoint(norms)


def breaks_off(place: Surroundings) -> bool:
    """Speech that stops in the middle: 'Vous ne m'avez pas dit…'."""
    mark = place.source[place.own[-1].end :].lstrip()[:1]
    return mark == "…" or place.source[place.own[-1].end :].lstrip().startswith("...")


def has_object_pronoun(place: Surroundings) -> bool:
    return any(norm in THINGS and place.forms.is_only_verb(two) for norm, two in pairwise(place.norms))


def plain(text: str) -> str:
    return text.replace("’", "'").lower()
