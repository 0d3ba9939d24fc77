import pytest
from pydantic import ValidationError

from feuilleton.contracts.models import FREE, MODELS, ModelTerms, terms_of


def test_thinking_costs_as_output_does() -> None:
    terms = ModelTerms(prompt_usd=0.30, output_usd=2.50)
    cost = terms.microdollars(prompt_tokens=1_000_000, output_tokens=300_000, thinking_tokens=100_000)
    assert cost == 300_000 + 1_000_000


def test_whom_a_model_hands_its_refusals_to_stands_in_the_table_and_is_another() -> None:
    for model, terms in MODELS.items():
        assert terms.other in MODELS
        assert terms.other != model


def test_what_costs_more_has_the_higher_rate_of_credits() -> None:
    by_price = sorted(MODELS.values(), key=lambda terms: terms.output_usd)
    assert [terms.credits_per_1000 for terms in by_price] == sorted(terms.credits_per_1000 for terms in by_price)


def test_a_deployment_changes_a_row_or_adds_one_and_the_others_stay() -> None:
    changes = {"gemini-2.5-pro": ModelTerms(prompt_usd=9), "own-model": ModelTerms(credits_per_1000=5)}
    assert terms_of("gemini-2.5-pro", changes).prompt_usd == 9
    assert terms_of("own-model", changes).credits_per_1000 == 5
    assert terms_of("gemini-2.5-flash", changes) == MODELS["gemini-2.5-flash"]
    assert terms_of("unheard-of", changes) == FREE


@pytest.mark.parametrize("row", [{"prompt_usd": -1}, {"promt_usd": 1}])
def test_a_wrong_row_is_refused(row: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ModelTerms.model_validate(row)
