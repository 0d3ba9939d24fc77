import pytest

from extractor.engines.local.forms import Forms
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


@pytest.mark.parametrize(
    ("form", "imperfect"),
    [
        ("entra", "entrait"),
        ("furent", "étaient"),
        ("rompirent", "rompaient"),
        ("Prit", "prenait"),
        ("pâlit", "pâlissait"),
    ],
)
def test_a_passe_simple_is_read_in_the_imparfait(form: str, imperfect: str, known: Forms) -> None:
    assert known.in_imperfect(form) == imperfect


@pytest.mark.parametrize("form", ["vit", "dit", "but", "maison", "entrait", "Charles", "xyz"])
def test_a_form_that_may_be_anything_else_stays(form: str, known: Forms) -> None:
    assert known.in_imperfect(form) == form


@pytest.mark.parametrize(
    ("form", "speaker", "third"),
    [
        ("dois", ("2", "s"), "doit"),
        ("suis", ("1", "s"), "est"),
        ("pris", ("1", "s"), "prenait"),
        ("irez", ("2", "p"), "iront"),
    ],
)
def test_a_verb_of_a_speaker_has_a_third_person(form: str, speaker: tuple[str, str], third: str, known: Forms) -> None:
    assert known.third_person(form, *speaker) == third
    assert known.third_person(form, "3", "s") is None


def test_a_verb_agrees_in_person_and_number(known: Forms) -> None:
    assert known.agrees("marchaient", "3", "p")
    assert not known.agrees("marchaient", "3", "s")
    assert not known.agrees("fût", "3", "s")  # subjunctive only


def test_conditional_is_finite_but_not_indicative(known: Forms) -> None:
    assert known.is_finite("viendrait")
    assert not known.is_indicative("viendrait")
    assert not known.is_finite("venir")
