"""How much a tenant may have at once. Pure."""

from dataclasses import dataclass

from ingest.errors import BytesQuotaError, JobsQuotaError


@dataclass(frozen=True)
class Usage:
    """What counts against a quota: the books of jobs that are not deleted, and attempts that have not ended."""

    stored_bytes: int
    jobs: int


@dataclass(frozen=True)
class Quota:
    """The most bytes of books stored, and the most jobs in flight."""

    stored_bytes: int
    jobs: int

    def check_job(self, usage: Usage) -> None:
        """One more job in flight. Raises JobsQuotaError."""
        if usage.jobs >= self.jobs:
            raise JobsQuotaError(used=usage.jobs, limit=self.jobs)

    def check_book(self, usage: Usage, book_bytes: int) -> None:
        """One more book. Raises BytesQuotaError."""
        if usage.stored_bytes + book_bytes > self.stored_bytes:
            raise BytesQuotaError(used=usage.stored_bytes, needed=book_bytes, limit=self.stored_bytes)
