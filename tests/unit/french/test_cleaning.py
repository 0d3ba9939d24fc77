import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.french.cleaning import clean_text


def kept(text: str) -> str:
    return clean_text(text, preserve_formatting=True)


def plain(text: str) -> str:
    return clean_text(text, preserve_formatting=False)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("la ﬁn du ﬂeuve, l’eﬀort, oﬃce, aﬄigé", "la fin du fleuve, l’effort, office, affligé"),
        ("le ſoleil ſe lève", "le soleil se lève"),
        ("l'e\u0301te\u0301 `a Noe\u0308l", "l'été à Noël"),
        ("´et´e, tˆete, no¨el, gar¸con, fac¸ade, maˆıtre", "été, tête, noël, garçon, façade, maître"),
        ("mer\u00adveille", "merveille"),
        ("zéro\u200bblanc\ufeff", "zéroblanc"),
        ("deux  espaces\tet\u2003cadratin", "deux espaces et cadratin"),
        ("Non\u2009! «\u2009Oui\u2009»", "Non\u202f! «\u202fOui\u202f»"),
        ("c\u2011est\u2010à\u2010dire", "c-est-à-dire"),
        ("― Bonjour", "— Bonjour"),
        ("Attendez . . . encore", "Attendez ... encore"),
        ("le cœur, Æsope, l’œuvre", "le cœur, Æsope, l’œuvre"),
    ],
)
def test_type_of_the_printer_becomes_letters(printed: str, expected: str) -> None:
    assert kept(printed) == expected


def test_formatting_that_is_preserved_keeps_spaces_and_quotes_of_the_book() -> None:
    text = "«\u00a0L’été\u202f!\u00a0» dit-il — “oui”…"
    assert kept(text) == text


def test_formatting_that_is_not_preserved_becomes_plain_but_keeps_guillemets_dashes_and_ellipses() -> None:
    assert plain("«\u00a0L’été\u202f!\u00a0» dit-il — “oui”…") == '« L\'été ! » dit-il — "oui"…'


def test_a_no_break_space_beats_a_plain_one_beside_it() -> None:
    assert kept("mot \u00a0\u202f !") == "mot\u202f!"


@given(st.text(), st.booleans())
def test_cleaning_twice_changes_nothing_more(text: str, preserve: bool) -> None:  # noqa: FBT001
    once = clean_text(text, preserve_formatting=preserve)
    assert clean_text(once, preserve_formatting=preserve) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(alphabet="abcdéèàçœ '’.,-—«»\u00a0\u202f"))
def test_no_letter_of_french_is_lost(text: str) -> None:
    assert [ch for ch in kept(text) if ch.isalpha()] == [ch for ch in text if ch.isalpha()]
