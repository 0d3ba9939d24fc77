"""The life of a job as the events that its producers publish, in the order that each of them keeps."""

from dataclasses import dataclass

from feuilleton.contracts.events import (
    AttemptAccepted,
    ChunkFinished,
    ChunkOutcome,
    EndCounts,
    EventData,
    JobAccepted,
    JobDeleted,
    JobEnded,
    JobMerging,
    JobSplit,
    JobSplitting,
    Outcome,
)
from feuilleton.contracts.ids import JobId, TenantId, new_job_id
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.http.auth import DEFAULT_TENANT


@dataclass(frozen=True)
class Story:
    """Builds the events of one job."""

    job: JobId
    tenant: TenantId = DEFAULT_TENANT
    chunks: int = 3

    def accepted(self, name: str = "Le Banc.pdf") -> JobAccepted:
        return JobAccepted(
            job=self.job,
            tenant=self.tenant,
            name=name,
            bytes=12_345,
            sha256="ab" * 32,
            pages=40,
            settings=JobSettings(),
            engine=Engine.LOCAL,
            model="fr_core_news_sm",
        )

    def attempt_accepted(self, attempt: int) -> AttemptAccepted:
        settings = JobSettings(sentence_length_limit=10)
        return AttemptAccepted(job=self.job, tenant=self.tenant, attempt=attempt, settings=settings)

    def splitting(self, attempt: int = 1) -> JobSplitting:
        return JobSplitting(job=self.job, tenant=self.tenant, attempt=attempt)

    def split(self, attempt: int = 1) -> JobSplit:
        return JobSplit(
            job=self.job,
            tenant=self.tenant,
            attempt=attempt,
            pages=40,
            chunks=self.chunks,
            source_sentences=10 * self.chunks,
            chapters=2,
        )

    def finished(self, index: int, attempt: int = 1, outcome: ChunkOutcome = ChunkOutcome.OK) -> ChunkFinished:
        good = outcome is ChunkOutcome.OK
        return ChunkFinished(
            job=self.job,
            tenant=self.tenant,
            attempt=attempt,
            index=index,
            total=self.chunks,
            outcome=outcome,
            code=None if good else "deadline",
            pages=(index + 1,),
            cards=4 if good else 0,
            tokens=100 + index,
            seconds=1.5,
        )

    def merging(self, attempt: int = 1) -> JobMerging:
        return JobMerging(job=self.job, tenant=self.tenant, attempt=attempt)

    def ended(self, attempt: int = 1, outcome: Outcome = Outcome.COMPLETED, result: str | None = None) -> JobEnded:
        return JobEnded(
            job=self.job,
            tenant=self.tenant,
            attempt=attempt,
            outcome=outcome,
            counts=EndCounts(pages=40, chunks=self.chunks, cards=4 * self.chunks),
            tokens=300,
            billed_tokens=300,
            result=result,
        )

    def deleted(self) -> JobDeleted:
        return JobDeleted(job=self.job, tenant=self.tenant, bytes_freed=1)

    def of_splitter(self, attempt: int = 1) -> list[EventData]:
        return [self.splitting(attempt), self.split(attempt)]

    def of_merger(self, attempt: int = 1, outcome: Outcome = Outcome.COMPLETED) -> list[EventData]:
        finished = [self.finished(index, attempt) for index in range(self.chunks)]
        return [*finished, self.merging(attempt), self.ended(attempt, outcome)]

    def whole(self, attempt: int = 1) -> list[EventData]:
        """All events of an attempt, in the usual order."""
        first = self.accepted() if attempt == 1 else self.attempt_accepted(attempt)
        return [first, *self.of_splitter(attempt), *self.of_merger(attempt)]


def a_story(*, tenant: str = "default", chunks: int = 3) -> Story:
    return Story(new_job_id(), TenantId(tenant), chunks)
