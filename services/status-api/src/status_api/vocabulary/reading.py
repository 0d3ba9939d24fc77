"""Vocabularies of results, and decks that are chosen from them. A result never changes, so a few are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
from anyio import to_thread

from status_api.documents import Recent
from status_api.exports.building import Workshop
from status_api.exports.delivery import Deliveries
from status_api.exports.keyed import KeyedCard, Keys
from status_api.vocabulary.counting import Vocabulary, WordCount
from status_api.vocabulary.cover import choose_cards
from status_api.vocabulary.lemmas import load
from status_api.vocabulary.wanted import CandidateCards, WantedWords

_WAITING = 10  # of two seconds each
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
    """Reads all cards of a result; one result at a time, between other requests. Some may wait; one more is told to
    come again: TooManyExportsError.
    """

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._kept: Recent[Vocabulary] = Recent(_KEPT)
        self._turn = anyio.Lock()
        self._places = Workshop(_WAITING)

    async def of(self, result: str) -> Vocabulary:
        """Raises ResultUnavailableError, StoreUnavailableError."""
        known = self._kept.get(result)
        if known is not None:
            return known
        with self._places.place():
            async with self._turn:
                return self._kept.get(result) or self._kept.keep(result, await self._count(result))

    async def _count(self, result: str) -> Vocabulary:
        await to_thread.run_sync(load)
        count = WordCount()
        async for cards in self._deliveries.cards(result):
            count.add(cards)
        return count.result()

    async def choose(self, result: str, words: Sequence[str], most: int | None) -> ChosenDeck:
        """The fewest cards for these words (see `choose_cards`). Raises as `of`."""
        with self._places.place():
            found = await self._candidates(result, words)
            chosen = await to_thread.run_sync(choose_cards, found.candidates, most)
        words_of_list = found.wanted.words
        return ChosenDeck(words_of_list, [ChosenCard(found.card_of(one), sorted(one.covers)) for one in chosen])

    async def _candidates(self, result: str, words: Sequence[str]) -> CandidateCards:
        async with self._turn:
            await to_thread.run_sync(load)
            wanted, keys = WantedWords(words), Keys()
            found = CandidateCards(wanted)
            async for cards in self._deliveries.cards(result):
                found.add(keys.of(cards))
        return found
