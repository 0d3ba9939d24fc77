import pytest

from extractor.put_back import is_due


@pytest.mark.parametrize(("behind", "seconds"), [(0, 10_000.0), (1, 59.0), (999, 5.0)])
def test_a_chunk_that_holds_up_little_or_not_for_long_stays(behind: int, seconds: float) -> None:
    assert not is_due(finished_behind=behind, seconds=seconds, was_put_back=False)


@pytest.mark.parametrize(("behind", "seconds"), [(1, 60.0), (1000, 5.0)])
def test_a_minute_or_a_thousand_messages_is_too_much(behind: int, seconds: float) -> None:
    assert is_due(finished_behind=behind, seconds=seconds, was_put_back=False)


def test_one_that_was_put_back_is_so_again_after_ten_minutes() -> None:
    assert not is_due(finished_behind=5000, seconds=599.0, was_put_back=True)
    assert is_due(finished_behind=1, seconds=600.0, was_put_back=True)
