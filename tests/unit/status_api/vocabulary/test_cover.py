"""The greedy cover against all subsets of small cases."""

from itertools import combinations
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from status_api.vocabulary.cover import Candidate, choose_cards

SETS = st.lists(st.tuples(st.integers(1, 9), st.frozensets(st.integers(0, 9), max_size=5)), max_size=9)


def candidates_of(drawn: list[tuple[int, frozenset[int]]]) -> list[Candidate]:
    return [Candidate(length, place, covers) for place, (length, covers) in enumerate(drawn)]


def held_by(cards: list[Candidate]) -> set[int]:
    return {word for card in cards for word in card.covers}


def fewest(cards: list[Candidate]) -> int:
    wanted = held_by(cards)
    sizes = (n for n in range(len(cards) + 1) for some in combinations(cards, n) if held_by(list(some)) == wanted)
    return next(sizes)


@given(SETS)
def test_all_that_can_be_held_is_held_and_no_card_is_useless(drawn: list[tuple[int, frozenset[int]]]) -> None:
    cards = candidates_of(drawn)
    chosen = choose_cards(cards)
    assert held_by(chosen) == held_by(cards)
    for card in chosen:
        assert held_by([other for other in chosen if other is not card]) != held_by(cards)


@given(SETS)
def test_the_answer_is_never_further_from_the_best_than_greed_allows(drawn: list[tuple[int, frozenset[int]]]) -> None:
    cards = candidates_of(drawn)
    most = max((len(card.covers) for card in cards), default=0)
    harmonic = sum(1 / n for n in range(1, most + 1))
    assert len(choose_cards(cards)) <= harmonic * fewest(cards) + 1e-9


@given(SETS, st.randoms())
def test_the_answer_is_in_the_order_of_the_deck_and_does_not_depend_on_how_it_was_asked(
    drawn: list[tuple[int, frozenset[int]]], chance: object
) -> None:
    cards = candidates_of(drawn)
    chosen = choose_cards(cards)
    assert [card.place for card in chosen] == sorted(card.place for card in chosen)
    shuffled = cards[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose_cards(shuffled) == chosen


def step_by_step(cards: list[Candidate], most: int) -> set[int]:
    """What is held after so many steps, each of which looks at all cards anew."""
    held: set[int] = set()
    for _ in range(most):
        best = min(cards, key=lambda card: (-len(card.covers - held), card.length, card.place), default=None)
        held |= best.covers if best else set()
    return held


@given(SETS, st.integers(1, 9))
def test_each_step_takes_the_card_that_adds_most_and_of_those_the_shortest(
    drawn: list[tuple[int, frozenset[int]]], most: int
) -> None:
    cards = candidates_of(drawn)
    assert held_by(choose_cards(cards, most)) == step_by_step(cards, most)


@given(SETS, st.integers(1, 9))
def test_with_a_bound_the_first_cards_are_those_that_hold_most(
    drawn: list[tuple[int, frozenset[int]]], most: int
) -> None:
    cards = candidates_of(drawn)
    chosen = choose_cards(cards, most)
    assert len(chosen) <= most
    largest = max((len(card.covers) for card in cards), default=-inf)
    assert not chosen or len(held_by(chosen)) >= largest


def test_of_equal_cards_the_shorter_is_taken_and_then_the_earlier() -> None:
    words = frozenset({1, 2})
    cards = [Candidate(5, 0, words), Candidate(3, 1, words), Candidate(3, 2, words), Candidate(9, 3, frozenset({3}))]
    assert [card.place for card in choose_cards(cards)] == [1, 3]


def test_a_card_that_later_ones_made_useless_is_left_out() -> None:
    middle = Candidate(4, 0, frozenset({1, 2, 3, 4}))
    ends = [Candidate(4, 1, frozenset({1, 2, 5})), Candidate(4, 2, frozenset({3, 4, 6}))]
    assert choose_cards([middle, *ends]) == ends
