"""The filters of a list, and the cursors that belong to them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobStatus
from status_api.adapters.job_lists import list_statement
from status_api.cursors import InvalidCursorError, OtherFiltersError, job_cursor, read_job_cursor
from status_api.listing import JobQuery
from status_api.ports import JobFilter

WHEN = datetime(2026, 11, 22, tzinfo=UTC)
JOB = JobId("0f8fad5b-d9cb-469f-a165-70867728950e")


def asked(**values: object) -> JobQuery:
    return JobQuery.model_validate(values)


def test_without_filters_there_is_no_mark_so_that_cursors_given_out_before_them_still_hold() -> None:
    assert asked().mark == ""
    assert read_job_cursor(job_cursor(WHEN, JOB), "") == (WHEN, JOB)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"status": ["failed"]},
        {"status": ["completed"], "name": "Bovary"},
        {"status": ["completed"], "created_after": "2026-11-22T00:00:00Z"},
        {"status": ["completed"], "created_before": "2026-11-22T00:00:00Z"},
    ],
)
def test_a_cursor_is_refused_beside_other_filters(other: dict[str, object]) -> None:
    cursor = job_cursor(WHEN, JOB, asked(status=["completed"]).mark)
    assert read_job_cursor(cursor, asked(status=["completed"], limit=3).mark) == (WHEN, JOB)
    with pytest.raises(OtherFiltersError):
        read_job_cursor(cursor, asked(**other).mark)
    with pytest.raises(OtherFiltersError):
        read_job_cursor(job_cursor(WHEN, JOB), asked(status=["completed"]).mark)


def test_the_same_filters_in_another_order_or_zone_are_the_same() -> None:
    one = asked(status=["failed", "partial"], created_after="2026-11-22T01:00:00+01:00")
    two = asked(status=["partial", "failed", "failed"], created_after="2026-11-22T00:00:00Z")
    assert one.mark == two.mark


@given(st.datetimes(timezones=st.timezones()))
def test_any_moment_is_one_that_a_database_can_hold(moment: datetime) -> None:
    query = asked(created_after=moment)
    assert query.created_after is not None
    assert query.created_after.tzinfo is UTC
    assert query.mark


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a\0b"},
        {"name": ""},
        {"status": ["deleted"]},
        {"created_after": "2026-11-22T00:00:00"},
        {"created_before": "0.5"},
    ],
)
def test_what_no_job_can_match_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        asked(**wrong)


def test_a_cursor_beyond_the_years_of_utc_is_none() -> None:
    with pytest.raises(InvalidCursorError):
        read_job_cursor(job_cursor(datetime.fromisoformat("9999-12-31T23:59:59-23:59"), JOB))


def test_what_is_not_filtered_by_does_not_stand_in_the_statement() -> None:
    bare, values = list_statement(TenantId("t"), JobFilter(), None, 5)
    assert values == ["t", 5]
    assert "status =" not in bare
    assert "position" not in bare
    wanted = JobFilter(frozenset({JobStatus.FAILED, JobStatus.PARTIAL}), WHEN, WHEN, "b")
    text, values = list_statement(TenantId("t"), wanted, (WHEN, JOB), 5)
    assert values == ["t", WHEN, JOB, ["failed", "partial"], WHEN, WHEN, "b", 5]
    assert "LIMIT $8" in text
