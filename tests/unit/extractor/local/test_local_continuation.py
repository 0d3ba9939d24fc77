"""What follows a card's last word in novels."""

from dataclasses import replace

import numpy as np
import pytest

from extractor.engines.local.continuation import (
    FOLLOWERS,
    MOST_TOKENS,
    Continuation,
    continuation_features,
    follower_of,
    french_continuation,
    tokens_of,
)
from extractor.engines.local.words import split_words


def end_of(text: str) -> float:
    return continuation_features(text)["then:end"]


@pytest.mark.parametrize(
    ("whole", "cut_off"),
    [
        ("Elle prit son chapeau.", "Elle prit son."),
        ("Il venait de faire un voyage.", "Il venait de faire."),
        ("Il se leva.", "Il se mit."),
        ("Ils eurent froid.", "Ils eurent rejoint."),
        ("Elle était au bord du lac.", "Elle était au bord."),
    ],
)
def test_what_novels_end_with_is_a_likelier_end(whole: str, cut_off: str) -> None:
    assert end_of(whole) > end_of(cut_off)


def test_a_verb_that_asks_for_a_clause_is_followed_by_que() -> None:
    asks, stands = continuation_features("Il lui semblait."), continuation_features("Il dormait.")

    assert asks["then:que"] > stands["then:que"]


def test_the_chances_of_all_followers_are_one_in_all() -> None:
    chances = french_continuation().log_chances(("il", "partit"))

    assert len(chances) == len(FOLLOWERS)
    assert float(np.exp(chances).sum()) == pytest.approx(1.0, abs=1e-5)


def test_words_are_read_in_order_from_a_beginning() -> None:
    network = french_continuation()
    state = np.zeros(len(network.units), dtype=np.float32)
    for token in ("<begin>", "elle", "sortit"):
        state = network.step(state, network.places[token])

    one = np.maximum(state @ network.hidden + network.hidden_bias, 0) @ network.answer + network.answer_bias
    assert network.log_chances(("elle", "sortit")) == pytest.approx(one - np.logaddexp.reduce(one), abs=1e-5)


def test_a_rare_word_is_read_by_its_ending_and_a_stranger_as_any() -> None:
    network = french_continuation()
    short = replace(network, words=("<nothing>", "<begin>", "~", "~hut", *network.words[4:]))

    assert_same(short, ("cartahut",), ("quinquahut",))
    assert_same(short, ("wxyz",), ("zyxw",))


def assert_same(network: Continuation, one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert network.log_chances(one).tolist() == network.log_chances(other).tolist()


def test_of_a_long_card_the_last_words_count() -> None:
    tokens = ("il", "va", "là", ",", "et") * MOST_TOKENS

    assert_same(french_continuation(), tokens, tokens[-MOST_TOKENS:])


def test_names_numbers_and_commas_are_read_marks_are_not() -> None:
    words = split_words("Puis Pierre, à 15 ans, partit…")

    assert " ".join(tokens_of(words)) == "puis N , à 0 ans , partit"


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("et", "and"),
        (",", "comma"),
        ("dont", "relative"),
        ("qu'", "que"),
        ("du", "de"),
        ("sur", "preposition"),
        ("chat", "word"),
    ],
)
def test_followers_are_told_apart_by_their_word(token: str, name: str) -> None:
    assert follower_of(token) == name
