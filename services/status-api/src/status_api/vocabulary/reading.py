"""Vocabularies of results, and decks that are chosen from them. A result never changes, so a few are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
from anyio import to_thread

from status_api.documents import Recent
from status_api.exports.delivery import Deliveries
from status_api.exports.keyed import KeyedCard, Keys
from status_api.vocabulary.counting import Vocabulary, WordCount
from status_api.vocabulary.cover import choose_cards
from status_api.vocabulary.lemmas import load
from status_api.vocabulary.wanted import CandidateCards, WantedWords

_KEPT = 4  # of a long novel: 10 to 20 MB each


@dataclass(frozen=True)
class ChosenCard:
    """`words` are the wanted words on it, by number."""

    card: KeyedCard
    words: Sequence[int]


@dataclass(frozen=True)
class ChosenDeck:
    """`wanted` are the words of the list without repetitions, `cards` in the order of the book."""

    wanted: Sequence[str]
    cards: Sequence[ChosenCard]

    @property
    def missing(self) -> list[str]:
        """The words that none of these cards holds."""
        held = {word for chosen in self.cards for word in chosen.words}
        return [word for number, word in enumerate(self.wanted) if number not in held]


class Vocabularies:
    """Reads all cards of a result; one result at a time, between other requests."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._kept: Recent[Vocabulary] = Recent(_KEPT)
        self._turn = anyio.Lock()

    async def of(self, result: str) -> Vocabulary:
        """Raises ResultUnavailableError, StoreUnavailableError."""
        async with self._turn:
            known = self._kept.get(result)
            if known is None:
                count = WordCount()
                await to_thread.run_sync(load)
                async for cards in self._deliveries.cards(result):
                    count.add(cards)
                known = self._kept.keep(result, count.result())
            return known

    async def choose(self, result: str, words: Sequence[str], most: int | None) -> ChosenDeck:
        """The fewest cards for these words (see `choose_cards`). Raises as `of`."""
        async with self._turn:
            await to_thread.run_sync(load)
            wanted, keys = WantedWords(words), Keys()
            found = CandidateCards(wanted)
            async for cards in self._deliveries.cards(result):
                found.add(keys.of(cards))
            chosen = await to_thread.run_sync(choose_cards, found.candidates, most)
        return ChosenDeck(wanted.words, [ChosenCard(found.card_of(one), sorted(one.covers)) for one in chosen])
