"""Jobs, their attempts and their chunks."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from status_api.cursors import job_cursor, read_job_cursor, read_number_cursor
from status_api.models import AttemptList, ChunkList, JobList, JobView, attempt_view, chunk_list, job_view
from status_api.ports import JobPage
from status_api.routes.dependencies import (
    ROUTER_DEPENDENCIES,
    AttemptNumber,
    Caller,
    Cursor,
    parts_of,
    problems,
)

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=ROUTER_DEPENDENCIES)


@router.get("", responses=problems())
async def list_jobs(
    request: Request,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Cursor = None,
) -> JobList:
    """The caller's jobs, newest first. A job may take a moment to appear here."""
    before = read_job_cursor(cursor) if cursor else None
    page = await parts_of(request).reader.list_jobs(caller.tenant, before=before, limit=limit)
    now = datetime.now(UTC)
    items = [job_view(job, job.highest, now) for job in page.jobs]
    return JobList(items=items, next_cursor=_next_cursor(page))


def _next_cursor(page: JobPage) -> str | None:
    last = page.jobs[-1] if page.more else None
    return job_cursor(last.upload.accepted_at, last.id) if last and last.upload else None


@router.get("/{job_id}", responses=problems(404))
async def get_job(request: Request, caller: Caller, job_id: str, attempt: AttemptNumber = None) -> JobView:
    """One job. A poll after an upload was accepted never gets 404."""
    job = await parts_of(request).access.load(caller.tenant, job_id, attempt)
    return job_view(job, attempt or job.highest, datetime.now(UTC))


@router.get("/{job_id}/attempts", responses=problems(404))
async def list_attempts(request: Request, caller: Caller, job_id: str) -> AttemptList:
    job = await parts_of(request).access.load(caller.tenant, job_id)
    now = datetime.now(UTC)
    return AttemptList(items=[attempt_view(job, number, now) for number in sorted(job.attempts)])


@router.get("/{job_id}/chunks", responses=problems(404))
async def list_chunks(
    request: Request,
    caller: Caller,
    job_id: str,
    attempt: AttemptNumber = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Cursor = None,
) -> ChunkList:
    """Finished chunks by index."""
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id, attempt)
    number = attempt or job.highest
    after = read_number_cursor(cursor, count=1)[0] if cursor else -1
    page = await parts.reader.list_chunks(job.id, number, after=after, limit=limit)
    return chunk_list(number, page)
