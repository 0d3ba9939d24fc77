"""What the parsers are shown: speakers as third persons, the passé simple as imparfait, one word for each."""

import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.shown import shown
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def told(text: str, forms: Forms) -> str:
    words = [word.text.replace("’", "'") for word in split_words(text)]
    return " ".join(shown(words, [True] * len(words), forms, asks=text.endswith("?"))[0])


@pytest.mark.parametrize(
    ("text", "third"),
    [
        ("Tu dois le savoir", "Il doit le savoir"),
        ("je me lève", "il se lève"),
        ("Vous vous êtes trompé", "Ils se sont trompé"),
        ("Nous ne l'avons pas vu", "Ils ne l' ont pas vu"),
        ("J'ai faim", "Il a faim"),
        ("tu t'es installée", "il s' est installée"),
        ("je pris ma canne, puis descendis", "il prenait ma canne , puis descendait"),
        ("Es-tu malade", "Est -il malade"),
        ("Irez-vous demain ?", "Iront -ils demain ?"),
        ("Vous souvenez-vous ?", "Se souviennent -ils ?"),
        ("Je ne suis pas là", "Il n' est pas là"),
        ("Je m'en vais", "Il s' en va"),
        ("Il t'attendit", "Il t' attendait"),
        ("dis-je", "dit -il"),
        ("chante-je", "chante -t-il"),
    ],
)
def test_a_speaker_is_told_of_as_a_third_person(text: str, third: str, known: Forms) -> None:
    assert told(text, known) == third


@pytest.mark.parametrize(
    "text",
    ["Il vous aime", "Elle nous a vus", "On me dit tout", "tu xyz", "je", "Pour vous, rien", "-tu", "Asseyez-vous là"],
)
def test_who_is_no_subject_stays(text: str, known: Forms) -> None:
    assert told(text, known) == " ".join(word.text for word in split_words(text))


def test_each_word_keeps_its_place_and_the_space_behind_it(known: Forms) -> None:
    words, spaces = shown(["J'", "ai", "faim"], [False, True, False], known)
    assert (words, spaces) == (["Il", "a", "faim"], [True, True, False])
    words, spaces = shown(["Je", "me", "ennuie"], [True, True, False], known)
    assert (words, spaces) == (["Il", "s'", "ennuie"], [True, False, False])
