"""Hypothesis strategies for the contract's types."""

from hypothesis import strategies as st

from feuilleton.contracts.documents import ChunkKind
from feuilleton.contracts.events import (
    AttemptAccepted,
    ChunkFinished,
    ChunkOutcome,
    EventData,
    JobAccepted,
    JobDeleted,
    JobEnded,
    JobMerging,
    JobSplit,
    JobSplitting,
    Outcome,
)
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings

JOB = JobId("11111111-2222-4333-8444-555555555555")
TENANT = TenantId("default")
CHUNK_KINDS = st.sampled_from(ChunkKind)


def job_events(attempts: int = 3) -> st.SearchStrategy[EventData]:
    """Any job event of one job, of attempts 1 to `attempts`."""
    number = st.integers(1, attempts)
    plain = st.sampled_from([JobSplitting, JobMerging])
    return st.one_of(
        st.just(
            JobAccepted(
                job=JOB,
                tenant=TENANT,
                name="roman.pdf",
                bytes=1000,
                sha256="0" * 64,
                pages=10,
                settings=JobSettings(),
                engine=Engine.LOCAL,
                model="local",
            )
        ),
        st.builds(lambda n: AttemptAccepted(job=JOB, tenant=TENANT, attempt=n, settings=JobSettings()), number),
        st.builds(lambda kind, n: kind(job=JOB, tenant=TENANT, attempt=n), plain, number),
        st.builds(
            lambda n: JobSplit(job=JOB, tenant=TENANT, attempt=n, pages=10, chunks=4, source_sentences=9, chapters=1),
            number,
        ),
        st.builds(
            lambda n, index, outcome: ChunkFinished(
                job=JOB, tenant=TENANT, attempt=n, index=index, total=4, outcome=outcome, pages=(1,)
            ),
            number,
            st.integers(0, 3),
            st.sampled_from(ChunkOutcome),
        ),
        st.builds(
            lambda n, outcome: JobEnded(job=JOB, tenant=TENANT, attempt=n, outcome=outcome),
            number,
            st.sampled_from(Outcome),
        ),
        st.just(JobDeleted(job=JOB, tenant=TENANT, bytes_freed=1)),
    )
