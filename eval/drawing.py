"""Cards drawn at random for reading, without a sign of what made them."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from feuilleton.contracts.documents import CardDraft, CardMethod, SourceSentence
from feuilleton.contracts.text import count_words

REWRITTEN = frozenset({CardMethod.CUT, CardMethod.REWRITTEN})
_BATCH = 120  # sources; about 40 of them have a card


@dataclass(frozen=True)
class Source:
    """A sentence over the limit, with the one ahead of it (empty for the first)."""

    novel: str
    sentence: SourceSentence
    before: str


@dataclass(frozen=True)
class Drawn:
    """One card of a draw. `draft` says what made it: that is for the key, never for the sheet."""

    source: Source
    draft: CardDraft
    number: int  # which of its source's cards

    @property
    def id(self) -> str:
        return f"{self.source.novel}-{self.source.sentence.id}-{self.number}"


Rewrite = Callable[[Sequence[Source]], Awaitable[Sequence[Sequence[CardDraft]]]]


def over_limit(novel: str, sentences: Sequence[SourceSentence], limit: int) -> list[Source]:
    """The sentences that only a rewritten card can serve. The first of a part knows nothing ahead of it."""
    return [
        Source(novel, sentence, before.text)
        for before, sentence in pairwise(sentences)
        if count_words(sentence.text) > limit
    ]


async def draw(sources: Sequence[Source], seed: int, count: int, rewrite: Rewrite) -> list[Drawn]:
    """`count` cards of as many sources, fewer when there are no more; of a source with several cards any one.

    Which sources are asked in which order depends on the seed and on their own text alone: after a change of the
    rules the same seed asks the same sources again.
    """
    drawn: list[Drawn] = []
    waiting = sorted(sources, key=lambda source: _chance(seed, source, "order"))
    while waiting and len(drawn) < count:
        batch, waiting = waiting[:_BATCH], waiting[_BATCH:]
        for source, drafts in zip(batch, await rewrite(batch), strict=True):
            cards = [(at, draft) for at, draft in enumerate(drafts, 1) if draft.method in REWRITTEN]
            if cards:
                number, draft = min(cards, key=lambda card: _chance(seed, source, card[1].text))
                drawn.append(Drawn(source, draft, number))
    return drawn[:count]


def mixed(drawn: Collection[Drawn], seed: int) -> list[Drawn]:
    """In an order that says nothing: neither the novel's nor the book's."""
    return sorted(drawn, key=lambda one: _chance(seed, one.source, "sheet"))


def _chance(seed: int, source: Source, purpose: str) -> bytes:
    words = (str(seed), purpose, source.novel, str(source.sentence.paragraph), source.sentence.text)
    return hashlib.sha256("\0".join(words).encode()).digest()
