import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitter.chapter_words import close_up, has_chapter_word, names_chapter, roman_value


@pytest.mark.parametrize(
    "text",
    [
        "CHAPITRE IV",
        "Chapitre 12",
        "Chapitre premier",
        "C H A P I T R E  I V",
        "DEUXIÈME PARTIE",
        "Livre III",
        "Épilogue",
        "I",
        "XIV.",
        "-- IV --",
        "— 3 —",
        "IV. Le départ",
        "II — Dick Sand",
        "Chapitre III : Où l’on part",
        "-- Épilogue : Le Premier Succès --",
        "Prologue — La lettre",
    ],
)
def test_a_chapter_says_its_name(text: str) -> None:
    assert names_chapter(text)


@pytest.mark.parametrize(
    "text",
    ["Il partit.", "Livre de chevet", "IL Y AVAIT", "1815 fut une année froide", "Chapitre", "Vi", "Épilogue heureux"],
)
def test_other_lines_do_not(text: str) -> None:
    assert not names_chapter(text)


def test_a_number_is_no_chapter_word() -> None:
    assert not has_chapter_word("IV")


def test_letter_spaced_titles_close_up() -> None:
    assert close_up("C H A P I T R E  I V") == "CHAPITRE IV"
    assert close_up("C H A P I T R E I V") == "CHAPITRE IV"
    assert close_up("Le  train   de nuit") == "Le train de nuit"


@pytest.mark.parametrize(("text", "value"), [("i", 1), ("IV", 4), ("xlix", 49), ("MCMXCIX", 1999)])
def test_roman_numerals_have_values(text: str, value: int) -> None:
    assert roman_value(text) == value


@given(st.text(alphabet="ivxlcdmab", max_size=6))
def test_what_is_no_numeral_has_no_value(text: str) -> None:
    value = roman_value(text)
    assert value is None or value > 0
