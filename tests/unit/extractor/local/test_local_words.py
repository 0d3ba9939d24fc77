from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.engines.local.words import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'ami dit-il.", ["L'", "ami", "dit", "-il", "."]),
        ("Qu’a-t-elle vu ?", ["Qu’", "a", "-t-elle", "vu", "?"]),
        ("Donne-le-moi !", ["Donne", "-le-moi", "!"]),
        ("La plate-bande de Saint-Denis", ["La", "plate-bande", "de", "Saint-Denis"]),
        ("peut-être aujourd'hui, c'est-à-dire demain", ["peut-être", "aujourd'hui", ",", "c'est-à-dire", "demain"]),
        ("M. Homais et Mme Lefrançois", ["M.", "Homais", "et", "Mme", "Lefrançois"]),
        ("— Oui… non -- si - là", ["—", "Oui", "…", "non", "--", "si", "—", "là"]),
        ("Il compta 1.200 francs.", ["Il", "compta", "1.200", "francs", "."]),
        ("quelqu'un", ["quelqu'un"]),
    ],
)
def test_words_are_cut_as_the_treebanks_cut_them(text: str, words: list[str]) -> None:
    assert [word.text for word in split_words(text)] == words


@given(st.text(alphabet="aé'’-–—« ».,;!?…L(1M", max_size=40))
def test_no_character_is_lost_or_doubled(text: str) -> None:
    words = split_words(text)
    assert all(one.end <= two.begin for one, two in pairwise(words))
    covered = {at for word in words for at in range(word.begin, word.end)}
    assert all(ch.isspace() for at, ch in enumerate(text) if at not in covered)
