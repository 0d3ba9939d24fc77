"""What a list of jobs may be asked for. Pure."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from feuilleton.contracts.ids import text_hash
from feuilleton.contracts.job_state import JobStatus
from status_api.ports import JobFilter

_MARK_LENGTH = 16
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    """The same moment; where UTC has no such year, the nearest that it has."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST


def _written_out(value: object) -> object:
    """Pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("must be a time as in RFC 3339")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
ListedStatus = Literal["accepted", "splitting", "extracting", "merging", "completed", "partial", "failed", "cancelled"]
"""Deleted jobs are in no list."""


class JobQuery(BaseModel):
    """The parameters of a list. All that are given must hold; `status` may be given several times for any of them."""

    model_config = ConfigDict(frozen=True)
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(
        default=None, max_length=200, description="`next_cursor` of the page before, with the same filters."
    )
    status: list[ListedStatus] = Field(default_factory=list, max_length=20, description="The state; repeat it for any.")
    created_after: Moment | None = Field(default=None, description="Accepted then or later, with a time zone.")
    created_before: Moment | None = Field(default=None, description="Accepted earlier than that.")
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]+$",
        description="Part of the shown name, in upper or lower case.",
    )

    @property
    def wanted(self) -> JobFilter:
        statuses = frozenset(JobStatus(status) for status in self.status)
        return JobFilter(statuses, self.created_after, self.created_before, self.name)

    @property
    def mark(self) -> str:
        """Tells the filters of a cursor apart; empty without any."""
        wanted = self.wanted
        if wanted == JobFilter():
            return ""
        times = (str(moment or "") for moment in (wanted.created_after, wanted.created_before))
        return text_hash(",".join(sorted(wanted.statuses)), *times, wanted.name or "")[:_MARK_LENGTH]
