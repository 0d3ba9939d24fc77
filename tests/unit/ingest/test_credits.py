"""What work costs in credits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.models import MODELS, ModelTerms
from ingest.credits import BookSize, Tariff, credits_of, estimate_tokens


@pytest.mark.parametrize(
    ("tokens", "rate", "price"),
    [
        (0, 3, 0),
        (5_000, 0, 0),
        (1, 2, 1),
        (499, 2, 1),
        (500, 2, 1),
        (501, 2, 2),
        (1_000, 3, 3),
        (1_001, 3, 4),
        (3_000, 0.1, 1),
        (30_000, 0.1, 3),
        (450_000, 2, 900),
    ],
)
def test_credits_are_whole_and_rounded_up_and_nothing_costs_nothing(tokens: int, rate: float, price: int) -> None:
    assert credits_of(tokens, rate) == price


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.sampled_from([0, 0.1, 0.7, 2, 3, 5]))
def test_more_tokens_never_cost_less_and_parts_never_less_than_the_whole(one: int, two: int, rate: float) -> None:
    whole = credits_of(one + two, rate)
    assert max(credits_of(one, rate), credits_of(two, rate)) <= whole <= credits_of(one, rate) + credits_of(two, rate)


def test_models_have_the_rates_of_their_kind_and_other_engines_cost_nothing_unless_set() -> None:
    tariff = Tariff()
    assert tariff.rate(Engine.GEMINI, "gemini-2.5-pro") == 5
    assert tariff.rate(Engine.GEMINI, "gemini-3.8-flash") == 3
    assert tariff.rate(Engine.GEMINI, "gemini-3.5-flash-lite") == 2
    assert tariff.rate(Engine.LOCAL, "local") == 0
    assert tariff.rate(Engine.OPENAI, "gemini-2.5-pro") == 0, "a name alone makes no price"
    own = Tariff({"own-model": ModelTerms(credits_per_1000=4), "gemini-3.8-flash": ModelTerms(credits_per_1000=1)})
    assert own.rate(Engine.OPENAI, "own-model") == 4
    assert own.rate(Engine.GEMINI, "gemini-3.8-flash") == 1
    assert own.rate(Engine.GEMINI, "gemini-2.5-flash") == MODELS["gemini-2.5-flash"].credits_per_1000


def test_an_estimate_grows_with_words_and_scans_and_is_over_what_a_chunk_was_measured_to_take() -> None:
    assert estimate_tokens(BookSize(0)) == 0
    assert estimate_tokens(BookSize(1_000)) > 2_600 + 1_900, "docs/adr/0004: some 4,500 tokens for 1,000 words"
    assert estimate_tokens(BookSize(1_001)) > estimate_tokens(BookSize(1_000))
    assert estimate_tokens(BookSize(1_000, scans=1)) > estimate_tokens(BookSize(1_000))
