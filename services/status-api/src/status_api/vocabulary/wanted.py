"""A list of words that a learner wants, and which of them a card holds. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.text import count_words
from status_api.exports.keyed import KeyedCard
from status_api.vocabulary.cover import Candidate
from status_api.vocabulary.lemmas import fold, lemma_of, readings_of
from status_api.vocabulary.words import words_of

# « la maison », « se lever », « l’ami »: what word lists put before the word itself.
_BEFORE = frozenset({"le", "un", "des", "du", "au", "se"})


class WantedWords:
    """Words of a list without repetitions: two forms of one lemma are one word, the first as it was given.

    A word is held by a card with any form of its lemma; an entry of several words by one that has them side by side.
    """

    def __init__(self, given: Iterable[str]) -> None:
        self.words: list[str] = []
        self._terms: dict[tuple[str, ...], int] = {}
        self._by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for entry in filter(None, map(str.strip, given)):
            term = _term(entry) or (entry,)  # what holds no letter is on no card
            if term not in self._terms:
                self._terms[term] = len(self.words)
                self._by_first[term[0]].append(term)
                self.words.append(entry)

    def held_by(self, text: str) -> frozenset[int]:
        """The numbers of the words (places in `words`) that a text holds."""
        read = [frozenset(fold(lemma) for lemma in readings_of(word)) for word in words_of(text)]
        found: set[int] = set()
        for start, readings in enumerate(read):
            for lemma in readings & self._by_first.keys():
                for term in self._by_first[lemma]:
                    if _stands_at(term, read, start):
                        found.add(self._terms[term])
        return frozenset(found)


def _term(entry: str) -> tuple[str, ...]:
    lemmas = [fold(lemma_of(word)) for word in words_of(entry)]
    while len(lemmas) > 1 and lemmas[0] in _BEFORE:
        del lemmas[0]
    return tuple(lemmas)


def _stands_at(term: Sequence[str], read: Sequence[frozenset[str]], start: int) -> bool:
    return start + len(term) <= len(read) and all(lemma in read[place] for place, lemma in enumerate(term, start))


@dataclass
class CandidateCards:
    """Takes the cards of a deck in order, some at a time, and keeps the best card for each set of words that occurs."""

    wanted: WantedWords
    _best: dict[frozenset[int], tuple[Candidate, KeyedCard]] = field(default_factory=dict)
    _place: int = 0

    def add(self, cards: Iterable[KeyedCard]) -> None:
        for entry in cards:
            covers = self.wanted.held_by(entry.card.text)
            if covers:
                candidate = Candidate(_length(entry.card), self._place, covers)
                best = self._best.get(covers)
                if best is None or candidate < best[0]:
                    self._best[covers] = (candidate, entry)
            self._place += 1

    @property
    def candidates(self) -> list[Candidate]:
        return [candidate for candidate, _ in self._best.values()]

    def card_of(self, candidate: Candidate) -> KeyedCard:
        return self._best[candidate.covers][1]


def _length(card: CardLine) -> int:
    return count_words(card.text)
