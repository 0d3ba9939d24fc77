"""Cards with a key that stays theirs: over new attempts, and in a choice of cards as in the whole deck. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from feuilleton.contracts.documents import CardLine


@dataclass(frozen=True)
class KeyedCard:
    """`key` is unique in the job: the card's source sentence, and its place among the cards of that sentence."""

    key: str
    card: CardLine


@dataclass
class Keys:
    """Takes all cards of a result in its order, some at a time: those of one sentence stand side by side."""

    _source: str = ""
    _place: int = 0

    def of(self, cards: Iterable[CardLine]) -> Iterator[KeyedCard]:
        for card in cards:
            self._place = self._place + 1 if card.source_id == self._source else 0
            self._source = card.source_id
            yield KeyedCard(f"{card.source_id}/{self._place}", card)


def keyed(cards: Iterable[CardLine]) -> Iterator[KeyedCard]:
    """All cards of a result at once."""
    return Keys().of(cards)
