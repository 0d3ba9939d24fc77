"""Which words the cards of a deck hold, how often, and where each is met first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from feuilleton.contracts.documents import CardLine
from status_api.vocabulary.lemmas import fold, known, lemma_of
from status_api.vocabulary.words import words_of


@dataclass(frozen=True)
class Entry:
    """A lemma: how often it is met, on how many cards, and the first of them. `name`: most likely it is one, being in
    no dictionary and has a capital wherever it is met.
    """

    lemma: str
    count: int
    cards: int
    name: bool
    first_card: CardLine


@dataclass(frozen=True)
class Vocabulary:
    """`entries` go by falling count, then by alphabet. `words` counts every word of every card."""

    entries: Sequence[Entry]
    cards: int
    words: int


@dataclass
class _Seen:
    first_card: CardLine
    lemma: str
    name: bool
    count: int = 0
    cards: int = 0
    last_card: int = -1


@dataclass
class WordCount:
    """Takes the cards of a deck in order, some at a time."""

    _seen: dict[str, _Seen] = field(default_factory=dict)
    _cards: int = 0
    _words: int = 0

    def add(self, cards: Iterable[CardLine]) -> None:
        for card in cards:
            for word in words_of(card.text):
                self._count(word, card)
            self._cards += 1

    def result(self) -> Vocabulary:
        entries = [
            Entry(seen.lemma, seen.count, seen.cards, seen.name, seen.first_card) for seen in self._seen.values()
        ]
        entries.sort(key=lambda entry: (-entry.count, fold(entry.lemma)))
        return Vocabulary(entries, self._cards, self._words)

    def _count(self, word: str, card: CardLine) -> None:
        lemma = lemma_of(word)
        key = fold(lemma)
        seen = self._seen.get(key)
        if seen is None:
            name = word != word.lower() and not known(word)
            seen = self._seen[key] = _Seen(card, word if name else lemma, name)
        elif seen.name and (word == word.lower() or known(word)):
            seen.lemma, seen.name = lemma, False
        seen.count += 1
        self._words += 1
        if seen.last_card != self._cards:
            seen.cards += 1
            seen.last_card = self._cards
