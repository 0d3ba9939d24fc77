"""Commands to the workers."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.events import CancelJob, DeleteJob, to_message
from feuilleton.contracts.ids import TenantId
from feuilleton.observability.tracing import new_traceparent
from status_api.models import JobView, job_view
from status_api.parts import Parts
from status_api.projection import Job
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, parts_of, problems
from status_api.waiting import has_ended

router = APIRouter(prefix="/v1/jobs", tags=["commands"], dependencies=ROUTER_DEPENDENCIES)


class JobAlreadyEndedError(PipelineError):
    """There is nothing left to cancel."""

    code = "job_already_ended"


@router.post("/{job_id}/cancel", status_code=202, responses=problems(404, 409))
async def cancel_job(request: Request, caller: Caller, job_id: str, attempt: AttemptNumber = None) -> JobView:
    """Ask that an attempt ends as cancelled. The answer waits a moment for the end; if the job still runs in it,
    the command is on its way. An end that was first stays: a job may complete just before its cancel.
    """
    job, number = await cancel(parts_of(request), caller.tenant, job_id, attempt)
    return job_view(job, number, datetime.now(UTC))


async def cancel(parts: Parts, tenant: TenantId, job_id: str, attempt: int | None) -> tuple[Job, int]:
    """The job as it is a moment later, and the number of the attempt. Raises JobAlreadyEndedError."""
    job = await parts.access.load(tenant, job_id, attempt)
    number = attempt or job.highest
    if has_ended(job, number):
        raise JobAlreadyEndedError(f"attempt {number} is {job.attempts[number].state.status}")
    command = CancelJob(job=job.id, tenant=tenant, attempt=number)
    await parts.publisher.publish(to_message(command, source="status-api", traceparent=new_traceparent()))
    return await _wait_until(parts, job, lambda seen: has_ended(seen, number)), number


@router.delete("/{job_id}", status_code=202, responses=problems(404))
async def delete_job(request: Request, caller: Caller, job_id: str) -> JobView:
    """Remove the job and all its files; a running attempt ends as cancelled. The answer waits a moment; where it does
    not say `deleted` yet, the command is on its way. Deleting twice is fine.
    """
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id)
    if not job.deleted:
        command = DeleteJob(job=job.id, tenant=caller.tenant, attempt=job.highest)
        await parts.publisher.publish(to_message(command, source="status-api", traceparent=new_traceparent()))
        job = await _wait_until(parts, job, lambda seen: seen.deleted)
    return job_view(job, job.highest, datetime.now(UTC))


async def _wait_until(parts: Parts, job: Job, condition: Callable[[Job], bool]) -> Job:
    """The job once that is so, or as it is when the wait is over."""
    assert job.upload is not None  # noqa: S101  (readers give accepted jobs alone)
    deadline = time.monotonic() + parts.cancel_wait_seconds
    with parts.wakeups.listen(job.id) as bell:
        while True:
            job = await parts.reader.find_job(job.upload.tenant, job.id) or job
            left = deadline - time.monotonic()
            if condition(job) or left <= 0:
                return job
            await bell.wait(left)
