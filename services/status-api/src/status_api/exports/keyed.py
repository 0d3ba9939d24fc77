"""Cards with a key that stays theirs: over new attempts, and in a choice of cards as in the whole deck. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from feuilleton.contracts.documents import CardLine


@dataclass(frozen=True)
class KeyedCard:
    """`key` is unique in the job: the card's source sentence, and its place among the cards of that sentence."""

    key: str
    card: CardLine


def keyed(cards: Iterable[CardLine]) -> Iterator[KeyedCard]:
    """All cards of a result, in its order: those of one sentence stand side by side."""
    source, place = "", 0
    for card in cards:
        place = place + 1 if card.source_id == source else 0
        source = card.source_id
        yield KeyedCard(f"{source}/{place}", card)
