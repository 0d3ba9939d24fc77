"""Signs of a misprint in the book."""

import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.misprints import disagrees, holds_unknown_word
from tests.unit.extractor.local.test_local_surroundings import place
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


@pytest.mark.parametrize("text", ["ses petits jambes", "leur palanquins", "une chapeau", "le chaise", "ce enfants"])
def test_neighbours_that_do_not_agree_are_seen(text: str, known: Forms) -> None:
    assert disagrees(place(f"Il vit {text}.", f"Il vit {text}", known))


@pytest.mark.parametrize(
    "text", ["ses petites jambes", "leurs palanquins", "un chapeau gris", "la souris", "les porter", "le domestique"]
)
def test_neighbours_that_agree_are_left_alone(text: str, known: Forms) -> None:
    assert not disagrees(place(f"Il vit {text}.", f"Il vit {text}", known))


def test_a_word_that_no_lexicon_has_is_seen_and_a_name_is_not(known: Forms) -> None:
    assert holds_unknown_word(place("Il vit un abbat dans la rue.", "Il vit un abbat", known))
    assert not holds_unknown_word(place("Il vit Gervaise dans la rue.", "Il vit Gervaise", known))
