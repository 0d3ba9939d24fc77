"""The text of an API key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.identity.key_text import is_key, key_digest, key_hint, looks_like_key, new_key

KEY = "fk_0Az19Zm3Q7x5Lw8Rt2Vy6Bn4Hc0Jd1Ke0jnuiB"  # as they were made at first: they must stay good


def test_a_new_key_is_one_and_no_two_are_the_same() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(is_key(key) and looks_like_key(key) and key.isascii() for key in keys)
    assert len({key_digest(key) for key in keys}) == 200


@given(place=st.integers(min_value=0, max_value=len(KEY) - 1), letter=st.characters(codec="utf-8"))
def test_one_wrong_letter_anywhere_is_seen(place: int, letter: str) -> None:
    wrong = KEY[:place] + letter + KEY[place + 1 :]
    assert is_key(wrong) is (wrong == KEY)


@given(st.integers(min_value=3, max_value=len(KEY) - 2))
def test_two_letters_that_changed_places_are_seen(place: int) -> None:
    wrong = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]
    assert is_key(wrong) is (wrong == KEY)


@pytest.mark.parametrize("text", ["", "fk_", KEY[:-1], KEY + "0", f" {KEY}", KEY.lower(), KEY.removeprefix("fk_")])
def test_what_is_cut_or_longer_is_no_key(text: str) -> None:
    assert not is_key(text)


def test_the_hint_shows_little_of_the_key() -> None:
    assert KEY.startswith(key_hint(KEY))
    assert len(KEY) - len(key_hint(KEY)) > 30
