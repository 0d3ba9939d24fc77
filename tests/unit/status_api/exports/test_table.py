import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_api.exports.table import neutralised, original

STARTS = tuple("=+-@\t\r\n＝＋－＠")


@given(st.text() | st.text(alphabet="'=+-@\t\r\n＝a"))
def test_no_cell_begins_as_a_formula_and_each_can_be_had_back(text: str) -> None:
    cell = neutralised(text)
    assert not cell.startswith(STARTS)
    assert original(cell) == text


@pytest.mark.parametrize("text", ["— Bonjour.", "« Oui »", "'simple", "Il dit -", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert neutralised(text) == text
