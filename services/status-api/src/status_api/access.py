"""Which job a request may see: its tenant's own, after the barrier where nothing was found."""

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import JobId, TenantId, is_uuid
from feuilleton.streaming.read_barrier import ReadBarrier
from status_api.ports import JobReader
from status_api.projection import Job


class JobNotFoundError(PipelineError):
    """No such job, or another tenant's: the two look the same."""

    code = "job_not_found"


class AttemptNotFoundError(PipelineError):
    """The job has no attempt of that number."""

    code = "attempt_not_found"


class JobDeletedError(PipelineError):
    """The job was deleted: its files are gone, only its row is left."""

    code = "job_deleted"


class JobNotEndedError(PipelineError):
    """A whole result is asked for, and the attempt still runs."""

    code = "job_not_ended"


class ResultNotFoundError(PipelineError):
    """The attempt ended without a result."""

    code = "result_not_found"


class JobAccess:
    def __init__(self, reader: JobReader, barrier: ReadBarrier) -> None:
        self._reader = reader
        self._barrier = barrier

    async def load(self, tenant: TenantId, job_id: str, attempt: int | None = None) -> Job:
        """The job; with `attempt`, only once that attempt was seen.

        Raises JobNotFoundError and AttemptNotFoundError, both only after the projection has passed all that
        was in the log when the call began, and what the barrier raises where that cannot be known.
        """
        if not is_uuid(job_id):
            raise JobNotFoundError("no job has such an id")
        name = JobId(job_id)
        found = await self._reader.find_job(tenant, name)
        if not _has(found, attempt):
            await self._barrier.pass_for(name)
            found = await self._reader.find_job(tenant, name)
        if found is None:
            raise JobNotFoundError("there is no such job")
        if not _has(found, attempt):
            raise AttemptNotFoundError("the job has no such attempt")
        return found

    async def load_now(self, tenant: TenantId, job_id: JobId) -> Job:
        """A job that was found, with all that was in the log when the call began. Raises as `load`."""
        await self._barrier.pass_for(job_id)
        return await self.load(tenant, job_id)

    async def load_kept(self, tenant: TenantId, job_id: str, attempt: int | None = None) -> Job:
        """As `load`, for what reads the job's files. Raises JobDeletedError besides."""
        job = await self.load(tenant, job_id, attempt)
        if job.deleted:
            raise JobDeletedError("the job was deleted")
        return job


def _has(job: Job | None, attempt: int | None) -> bool:
    return job is not None and (attempt is None or attempt in job.attempts)


def result_of(job: Job, number: int) -> str:
    """Where the result of an ended attempt stands. Raises JobNotEndedError, ResultNotFoundError."""
    end = job.attempts[number].state.end
    if end is None:
        raise JobNotEndedError("the attempt still runs")
    if end.result is None:
        raise ResultNotFoundError("the attempt ended without a result")
    return end.result
