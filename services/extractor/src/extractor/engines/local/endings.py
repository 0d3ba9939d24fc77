"""How often a word stands right before a mark in novels: 'bout' and 'genre' seldom do, they ask for a complement."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# What is added to the counts of each word, so that a rare one is taken for a common one.
_PRIOR_USES = 6
_PRIOR_SHARE = 0.25


@dataclass(frozen=True)
class Endings:
    """`counts`: uses of a word, and those before a mark."""

    counts: Mapping[str, tuple[int, int]]

    def strangeness(self, word: str) -> float:
        """Above 0 for a word that ends phrases less often than others, below for one that does more often."""
        uses, before_mark = self.counts.get(word, (0, 0))
        share = (before_mark + _PRIOR_USES * _PRIOR_SHARE) / (uses + _PRIOR_USES)
        return math.log(_PRIOR_SHARE / share)


def read_endings(lines: Iterable[str]) -> Endings:
    """Lines are word, uses, uses before a mark, tab-separated."""
    rows = (line.rstrip("\n").split("\t") for line in lines)
    return Endings({word: (int(uses), int(before)) for word, uses, before in rows})


@cache
def french_endings() -> Endings:
    """The counts that come with the package."""
    text = (files("extractor.engines.local") / "endings.tsv").read_text(encoding="utf-8")
    return read_endings(text.splitlines())
