"""The figures of a result: additive counts of each chunk, and the shares that are made of their sum.

What each figure means and how it is counted: docs/figures.md. `extractor.figures` counts them.
"""

from collections.abc import Iterable
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict

_SHARE_DIGITS = 4


class _Counts(BaseModel):
    """Whole numbers and further counts, added field by field. A field that an older writer lacks is zero."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def plus(self, other: Self) -> Self:
        sums = {}
        for name in type(self).model_fields:
            one, two = getattr(self, name), getattr(other, name)
            sums[name] = one.plus(two) if isinstance(one, _Counts) else one + two
        return self.model_copy(update=sums)


_C = TypeVar("_C", bound=_Counts)


class CardCounts(_Counts):
    """Cards with each kind of fault. One card may have several; `faulty` counts it once."""

    cards: int = 0
    words: int = 0
    over_limit: int = 0
    under_minimum: int = 0
    typography: int = 0
    dangling: int = 0
    without_verb: int = 0
    without_subject: int = 0
    invented: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    faulty: int = 0


class QualityCounts(_Counts):
    """Counts over the final cards of one checkpoint; `chunks` is 1, so that a sum tells how many were counted.

    `book` are cards in the author's own words as they stand (verbatim, merged), `made` those that an engine made
    (cut, rewritten). `long` sources are over the limit and not kept whole by request.
    """

    chunks: int = 0
    sources: int = 0
    source_words: int = 0
    sources_with_card: int = 0
    left_out: int = 0
    unaccounted: int = 0
    long_sources: int = 0
    long_sources_with_card: int = 0
    long_content_words: int = 0
    carded_content_words: int = 0
    kept_content_words: int = 0
    book: CardCounts = CardCounts()
    made: CardCounts = CardCounts()


class QualityShares(BaseModel):
    """Shares from 0 to 1, None where there is nothing to divide by."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sources_with_card: float | None = None
    long_sources_with_card: float | None = None
    vocabulary_kept: float | None = None
    vocabulary_reached: float | None = None
    within_limit: float | None = None
    made_without_fault: float | None = None
    typography: float | None = None
    dangling: float | None = None
    without_verb: float | None = None
    without_subject: float | None = None
    invented: float | None = None
    duplicates: float | None = None
    out_of_order: float | None = None


class Quality(BaseModel):
    """What report.json says of the cards."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    counts: QualityCounts
    shares: QualityShares


def total_of(kind: type[_C], counts: Iterable[_C]) -> _C:
    """The sum; zeros of nothing."""
    summed = kind()
    for each in counts:
        summed = summed.plus(each)
    return summed


def quality_of(counts: QualityCounts) -> Quality:
    """The counts with their shares."""
    made, book = counts.made, counts.book
    cards = made.cards + book.cards
    wanted = counts.sources - counts.left_out
    return Quality(
        counts=counts,
        shares=QualityShares(
            sources_with_card=_share(counts.sources_with_card, wanted),
            long_sources_with_card=_share(counts.long_sources_with_card, counts.long_sources),
            vocabulary_kept=_share(counts.kept_content_words, counts.carded_content_words),
            vocabulary_reached=_share(counts.kept_content_words, counts.long_content_words),
            within_limit=_share(cards - made.over_limit - book.over_limit, cards),
            made_without_fault=_share(made.cards - made.faulty, made.cards),
            typography=_share(made.typography, made.cards),
            dangling=_share(made.dangling, made.cards),
            without_verb=_share(made.without_verb, made.cards),
            without_subject=_share(made.without_subject, made.cards),
            invented=_share(made.invented, made.cards),
            duplicates=_share(made.duplicates, made.cards),
            out_of_order=_share(made.out_of_order, made.cards),
        ),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, _SHARE_DIGITS) if whole else None
