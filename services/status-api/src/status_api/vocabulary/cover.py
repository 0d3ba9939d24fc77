"""The fewest cards that hold all of a list of words: greedy set cover. Pure.

The greedy choice is never worse than H(n) = 1 + 1/2 + … + 1/n times the fewest possible, n being the most words
that one card holds; no way that is fast is better by much.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Candidate:
    """A card by its place in the deck. `length` is in words; `covers` are the numbers of the wanted words on it."""

    length: int
    place: int
    covers: frozenset[int]


def choose_cards(candidates: Iterable[Candidate], most: int | None = None) -> list[Candidate]:
    """Cards that together hold every wanted word that any candidate holds, in the order of the deck.

    Each step takes the card with the most words still missing; of those the shortest, of those the first. What later
    choices made superfluous is left out: without any card of the answer a word would be missing. `most` bounds the
    number of cards; then the answer is the first of these steps.
    """
    chosen = _greedy(list(candidates), most)
    return sorted(_needed(chosen), key=lambda card: card.place)


def _greedy(candidates: Sequence[Candidate], most: int | None) -> list[Candidate]:
    """What a card adds only shrinks from step to step, so a card need be looked at again only when it comes up."""
    covered: set[int] = set()
    chosen: list[Candidate] = []
    heap = [(-len(card.covers), card.length, card.place, card) for card in candidates if card.covers]
    heapq.heapify(heap)
    while heap and (most is None or len(chosen) < most):
        added, length, place, card = heapq.heappop(heap)
        adds = len(card.covers - covered)
        if adds == -added:
            chosen.append(card)
            covered |= card.covers
        elif adds:
            heapq.heappush(heap, (-adds, length, place, card))
    return chosen


def _needed(chosen: Sequence[Candidate]) -> list[Candidate]:
    held = Counter(word for card in chosen for word in card.covers)
    needed = []
    for card in sorted(chosen, key=lambda card: (-card.length, -card.place)):
        if any(held[word] == 1 for word in card.covers):
            needed.append(card)
        else:
            held.subtract(card.covers)
    return needed
