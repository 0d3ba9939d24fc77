"""Commands to the workers."""

import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.events import CancelJob, to_message
from feuilleton.observability.tracing import new_traceparent
from status_api.models import JobView, job_view
from status_api.parts import Parts
from status_api.projection import Job
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, parts_of, problems

router = APIRouter(prefix="/v1/jobs", tags=["commands"], dependencies=ROUTER_DEPENDENCIES)


class JobAlreadyEndedError(PipelineError):
    """There is nothing left to cancel."""

    code = "job_already_ended"


@router.post("/{job_id}/cancel", status_code=202, responses=problems(404, 409))
async def cancel_job(request: Request, caller: Caller, job_id: str, attempt: AttemptNumber = None) -> JobView:
    """Ask that an attempt ends as cancelled. The answer waits a moment for the end; if the job still runs in it,
    the command is on its way. An end that was first stays: a job may complete just before its cancel.
    """
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id, attempt)
    number = attempt or job.highest
    if _ended(job, number):
        raise JobAlreadyEndedError(f"attempt {number} is {job.attempts[number].state.status}")
    command = CancelJob(job=job.id, tenant=caller.tenant, attempt=number)
    await parts.publisher.publish(to_message(command, source="status-api", traceparent=new_traceparent()))
    job = await _wait_for_end(parts, job, number)
    return job_view(job, number, datetime.now(UTC))


async def _wait_for_end(parts: Parts, job: Job, number: int) -> Job:
    """The job once the attempt ended, or as it is when the wait is over."""
    assert job.upload is not None  # noqa: S101  (readers give accepted jobs alone)
    deadline = time.monotonic() + parts.cancel_wait_seconds
    with parts.wakeups.listen(job.id) as bell:
        while True:
            job = await parts.reader.find_job(job.upload.tenant, job.id) or job
            left = deadline - time.monotonic()
            if _ended(job, number) or left <= 0:
                return job
            await bell.wait(left)


def _ended(job: Job, number: int) -> bool:
    return job.deleted or job.attempts[number].state.status.ended
