import pytest

from status_api.vocabulary.lemmas import fold, known, lemma_of, readings_of

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(
    ("forms", "lemma"),
    [
        ("la les le", "le"),
        ("cet cette ces", "ce"),
        ("yeux œil oeil", "œil"),
        ("coeur coeurs cœur cœurs", "cœur"),
        ("fut était suis Êtes", "être"),
        ("belles Bel", "beau"),
        ("vînt vint", "venir"),
        ("chevaux", "cheval"),
    ],
)
def test_forms_of_a_word_share_their_lemma(forms: str, lemma: str) -> None:
    assert {lemma_of(form) for form in forms.split()} == {lemma}


@pytest.mark.parametrize(
    ("form", "other"),
    [("donne", "donner"), ("portes", "porter"), ("portent", "porter"), ("composé", "composer"), ("grise", "gris")],
)
def test_a_word_may_be_the_form_of_another_too(form: str, other: str) -> None:
    assert other in readings_of(form)


def test_a_noun_is_no_verb_that_does_not_exist() -> None:
    assert readings_of("homme") == ("homme",)
    assert readings_of("mère") == ("mère",)


def test_names_are_not_known_and_stay_as_they_are() -> None:
    assert (lemma_of("Lagarde"), known("Lagarde"), known("maison")) == ("lagarde", False, True)


def test_ligatures_and_capitals_fold() -> None:
    assert fold("Œuvre") == fold("oeuvre")
