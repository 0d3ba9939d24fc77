"""What status-api needs of a database to read the projection; `feuilleton.streaming.folding` is what writes it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import JobStatus
from status_api.projection import Chunk, Job


@dataclass(frozen=True)
class JobPage:
    """Jobs, newest first. `more` tells whether others follow."""

    jobs: tuple[Job, ...]
    more: bool


@dataclass(frozen=True)
class JobFilter:
    """What a list is narrowed to; empty or None does not narrow it. Times of acceptance run from `created_after`,
    included, to `created_before`, not included. `name` is a part of the shown name, in upper or lower case.
    """

    statuses: frozenset[JobStatus] = frozenset()
    created_after: datetime | None = None
    created_before: datetime | None = None
    name: str | None = None


@dataclass(frozen=True)
class NumberedChunk:
    index: int
    chunk: Chunk


@dataclass(frozen=True)
class ChunkPage:
    chunks: tuple[NumberedChunk, ...]
    more: bool


@dataclass(frozen=True)
class LoggedChange:
    """A change as the log keeps it. `data` is the event's data as JSON text, `type` its versioned name."""

    partition: int
    offset: int
    type: str
    attempt: int
    time: datetime
    data: str
    status: str
    progress_percent: int
    eta_seconds: int | None


@dataclass(frozen=True)
class ChangePage:
    """Changes after an offset, and the job as of the same moment."""

    changes: tuple[LoggedChange, ...]
    job: Job | None
    more: bool


@dataclass(frozen=True)
class RunningAttempts:
    """Attempts without an end, of all tenants, as times of acceptance, sorted: all of them, and those that nobody has
    taken up yet. And how many ended within the last hour.
    """

    accepted_at: tuple[datetime, ...]
    waiting_since: tuple[datetime, ...]
    ended_last_hour: int


class JobReader(Protocol):
    """The rows of one tenant's jobs. What belongs to another tenant is not there. A job has no rows before its
    job.accepted. Its name is the one that a user gave it, if any. Methods raise DatabaseUnavailableError, and
    ProjectionBehindError while the rows that they would read are being rebuilt.
    """

    async def find_job(self, tenant: TenantId, job: JobId) -> Job | None:
        """The job with all its attempts and no chunks."""
        ...

    async def list_jobs(
        self, tenant: TenantId, wanted: JobFilter, *, before: tuple[datetime, JobId] | None, limit: int
    ) -> JobPage:
        """Jobs accepted before `before` (its id breaks ties), each with its highest attempt alone; no deleted ones."""
        ...

    async def list_chunks(self, job: JobId, attempt: int, *, after: int, limit: int) -> ChunkPage:
        """Finished chunks of an attempt with an index above `after`, by index."""
        ...

    async def finished_chunks(self, job: JobId, attempt: int) -> Mapping[int, bool]:
        """Which chunks of an attempt are finished: by index, whether they succeeded."""
        ...

    async def changes(self, tenant: TenantId, job: JobId, *, after: int, limit: int) -> ChangePage:
        """Changes of a job above offset `after`, by offset."""
        ...

    async def running_attempts(self) -> RunningAttempts: ...

    async def position(self, topic: str, partition: int) -> int:
        """The next offset that the projector will fold; 0 where it has not begun."""
        ...

    async def check(self) -> None:
        """Raise DatabaseUnavailableError unless Postgres answers and the schema stands."""
        ...


class JobNames(Protocol):
    async def rename(self, tenant: TenantId, job: JobId, name: str) -> None:
        """Give a job of this tenant a name, which outlives a rebuild of the rows. Repeatable; the last one holds.

        Raises DatabaseUnavailableError.
        """
        ...


class Bell(Protocol):
    async def wait(self, seconds: float) -> bool:
        """True as soon as it rang since the last wait, False after `seconds`. It may ring for no reason."""
        ...


class Wakeups(Protocol):
    """Tells when the rows of a job may have changed."""

    def listen(self, job: JobId) -> AbstractContextManager[Bell]:
        """A bell that rings at each change of a job. Begin to listen before the rows are read, or a change in
        between is heard only when `seconds` are over.
        """
        ...
