"""Cursors come back as they were given out, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.ids import JobId
from status_api.cursors import InvalidCursorError, job_cursor, number_cursor, read_job_cursor, read_number_cursor

TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(TIMES, st.uuids())
def test_a_cursor_of_jobs_comes_back(when: datetime, job: object) -> None:
    assert read_job_cursor(job_cursor(when, JobId(str(job)))) == (when, str(job))


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_a_cursor_of_cards_comes_back(rank: int, position: int) -> None:
    assert read_number_cursor(number_cursor(rank, position), count=2) == (rank, position)


@given(st.text().filter(lambda text: not text.isalnum()))
def test_any_other_text_is_refused_as_a_cursor(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        read_job_cursor(text)
    with pytest.raises(InvalidCursorError):
        read_number_cursor(text, count=2)


@pytest.mark.parametrize("numbers", [(2**31, 0), (1,), (1, 2, 3)])
def test_numbers_too_large_or_too_many_are_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(InvalidCursorError):
        read_number_cursor(number_cursor(*numbers), count=2)
