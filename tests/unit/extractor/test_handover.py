import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.handover import Inherited, read_handover, write_handover
from extractor.watermark import Partition

P = Partition("chunks", 1)


@given(st.dictionaries(st.integers(0, 2**40), st.integers(1, 200), max_size=60))
def test_what_is_written_is_read(spans: dict[int, int]) -> None:
    assert read_handover(write_handover(spans)) == spans


def test_nothing_at_work_is_no_text() -> None:
    assert write_handover({}) == ""
    assert write_handover({6: -3.0}) == ""


def test_it_always_fits_into_what_the_broker_takes() -> None:
    text = write_handover(dict.fromkeys(range(10**9, 10**9 + 2000), 180.0))
    assert len(text) < 4096
    assert len(read_handover(text)) > 200


@pytest.mark.parametrize("text", ["", "a note of somebody's", "[1, 2]", '{"a": 1}', '{"1": "x"}', "null"])
def test_what_others_wrote_there_is_nothing(text: str) -> None:
    assert read_handover(text) == {}


def test_the_time_of_an_offset_is_counted_from_when_it_was_heard_of() -> None:
    inherited = Inherited()
    inherited.replace({P: {7: 60.0}}, now=100.0)
    assert inherited.until(P, 7) == 160.0
    assert inherited.until(P, 8) is None
    inherited.replace({}, now=200.0)
    assert inherited.until(P, 7) is None
