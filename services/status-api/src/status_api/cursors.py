"""Opaque cursors of keyset pages. Clients only give back what they were given. Pure."""

import base64
import binascii
from collections.abc import Collection
from datetime import UTC, datetime

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.ids import JobId

_LONGEST_CURSOR = 200
_LARGEST_NUMBER = 2**31 - 1


class InvalidCursorError(InvalidInputError):
    """The cursor did not come from a page of this list."""

    code = "invalid_cursor"


class OtherFiltersError(InvalidInputError):
    """The cursor came from a list with other filters."""

    code = "cursor_of_other_filters"


def job_cursor(accepted_at: datetime, job: JobId, mark: str = "") -> str:
    """`mark` tells the filters of the list, empty without any."""
    return _encode(accepted_at.isoformat(), job, *([mark] if mark else []))


def read_job_cursor(cursor: str, mark: str = "") -> tuple[datetime, JobId]:
    """Raises InvalidCursorError, OtherFiltersError."""
    accepted_at, job, *marks = _decode(cursor, parts=(2, 3))
    try:
        when = datetime.fromisoformat(accepted_at)
        if when.tzinfo is None:
            raise InvalidCursorError("not a cursor of jobs")
        when = when.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidCursorError("not a cursor of jobs") from exc
    if marks != ([mark] if mark else []):
        raise OtherFiltersError("this cursor belongs to a list with other filters")
    return when, JobId(job)


def number_cursor(*numbers: int) -> str:
    return _encode(*map(str, numbers))


def read_number_cursor(cursor: str, *, count: int) -> tuple[int, ...]:
    parts = _decode(cursor, parts=(count,))
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InvalidCursorError("not a cursor of this list")
    numbers = tuple(map(int, parts))
    if max(numbers) > _LARGEST_NUMBER:
        raise InvalidCursorError("not a cursor of this list")
    return numbers


def _encode(*parts: str) -> str:
    return base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")


def _decode(cursor: str, *, parts: Collection[int]) -> list[str]:
    if not cursor.isascii() or len(cursor) > _LONGEST_CURSOR:
        raise InvalidCursorError("not a cursor")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise InvalidCursorError("not a cursor") from exc
    found = text.split("|")
    if len(found) not in parts or "\0" in text:
        raise InvalidCursorError("not a cursor of this list")
    return found
