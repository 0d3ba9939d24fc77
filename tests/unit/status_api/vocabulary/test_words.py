import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_api.vocabulary.words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("— L’ami, dit-il, viendra-t-il ?", "le ami dit il viendra il"),
        ("Qu’est-ce que c’est ?", "que est ce que ce est"),
        ("Aujourd'hui, peut-être, rendez-vous là-bas.", "Aujourd'hui peut-être rendez-vous là-bas"),
        ("Donne-le-moi ; allez-vous-en !", "Donne le moi allez vous en"),
        ("Celui-ci, moi-même, cet homme-là.", "Celui ci moi même cet homme là"),
        ("Lorsqu’il vit D'Artagnan jusqu’à l’aube", "lorsque il vit de Artagnan jusque à le aube"),
        ("prud'homme de Saint-Malo", "prud'homme de Saint-Malo"),
        ("l’ » 1815, 3e … !", "le e"),
        ("l\u00ad’e\u0301te\u0301", "le été"),
        ("", ""),
    ],
)
def test_text_is_taken_apart_as_a_reader_does(text: str, words: str) -> None:
    assert list(words_of(text)) == words.split()


@given(st.text(alphabet="aé'’-tilL œ.\u00ad"))
def test_any_text_ends_in_words_that_hold_a_letter(text: str) -> None:
    assert all(any(ch.isalpha() for ch in word) for word in words_of(text))
