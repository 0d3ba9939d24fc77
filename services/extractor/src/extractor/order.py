"""Whether the cards of one source tell it in its order. Pure given the lexicon."""

from collections import Counter
from collections.abc import Sequence

from extractor.french import FUNCTION_WORDS, tokenize
from extractor.lexicon import Lexicon


def out_of_order(cards: Sequence[str], source: str, lexicon: Lexicon) -> frozenset[int]:
    """The places of cards whose content stands in the source wholly before that of the card ahead of them.

    Only content words that the source holds once say where a card belongs; a card without any is in order.
    """
    places = _anchors(source, lexicon)
    late: set[int] = set()
    reached: int | None = None
    for index, card in enumerate(cards):
        spots = [places[lemma] for token in tokenize(card) for lemma in _keys(token.key, lexicon) if lemma in places]
        if not spots:
            continue
        if reached is not None and max(spots) < reached:
            late.add(index)
        else:
            reached = min(spots)
    return frozenset(late)


def _anchors(source: str, lexicon: Lexicon) -> dict[str, int]:
    tokens = tokenize(source)
    keys = [_keys(token.key, lexicon) for token in tokens]
    seen = Counter(key for each in keys for key in each)
    return {key: place for place, each in enumerate(keys) for key in each if seen[key] == 1}


def _keys(form: str, lexicon: Lexicon) -> frozenset[str]:
    """The form and its lemmas, none for a function word."""
    return frozenset() if form in FUNCTION_WORDS else lexicon.lemmas(form) | {form}
