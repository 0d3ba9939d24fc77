"""Jobs, their attempts and their chunks."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from feuilleton.http.waiting import PREFER
from status_api.cursors import job_cursor, read_job_cursor, read_number_cursor
from status_api.listing import JobQuery
from status_api.models import AttemptList, ChunkList, JobList, JobView, attempt_view, chunk_list, job_view
from status_api.parts import Parts
from status_api.ports import JobPage
from status_api.projection import Job
from status_api.routes.dependencies import (
    ROUTER_DEPENDENCIES,
    AttemptNumber,
    Caller,
    Cursor,
    parts_of,
    problems,
)
from status_api.waiting import has_ended, until_ended

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=ROUTER_DEPENDENCIES)


@router.get("", responses=problems(400))
async def list_jobs(request: Request, caller: Caller, asked: Annotated[JobQuery, Query()]) -> JobList:
    """The caller's jobs, newest first, those that all filters hold for. A job may take a moment to appear here, and a
    change of its state too. A cursor goes on with the filters that it came with: 400 `cursor_of_other_filters` else.
    """
    before = read_job_cursor(asked.cursor, asked.mark) if asked.cursor else None
    parts = parts_of(request)
    page = await parts.reader.list_jobs(caller.tenant, asked.wanted, before=before, limit=asked.limit)
    items = [await _shown(parts, job, job.highest) for job in page.jobs]
    return JobList(items=items, next_cursor=_next_cursor(page, asked.mark))


async def _shown(parts: Parts, job: Job, number: int) -> JobView:
    return job_view(job, number, datetime.now(UTC), await parts.queue.place_of(job, number))


def _next_cursor(page: JobPage, mark: str) -> str | None:
    last = page.jobs[-1] if page.more else None
    return job_cursor(last.upload.accepted_at, last.id, mark) if last and last.upload else None


@router.get("/{job_id}", responses=problems(404), openapi_extra={"parameters": [PREFER]})
async def get_job(
    request: Request, response: Response, caller: Caller, job_id: str, attempt: AttemptNumber = None
) -> JobView:
    """One job. A poll after an upload was accepted never gets 404. With `Prefer: wait=N` the answer comes when the
    attempt has ended, or after N seconds; `Preference-Applied` says that it was held back.
    """
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id, attempt)
    number = attempt or job.highest
    if not has_ended(job, number):
        until = partial(until_ended, parts.reader, parts.wakeups, caller.tenant, job.id, number)
        held = await parts.waits.hold(request, until)
        response.headers.update(held)
        job = await parts.access.load(caller.tenant, job_id, attempt) if held else job
    return await _shown(parts, job, number)


class JobChange(BaseModel):
    """What a user may change of a job. `name` is for display only; what cannot be printed is left out of it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"name": "Bovary, 10 mots"}]}
    )
    name: str = Field(min_length=1, max_length=200)

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        name = "".join(char for char in value if char.isprintable()).strip()
        if not name:
            raise ValueError("a name must hold something that can be printed")
        return name


@router.patch("/{job_id}", responses=problems(404, 410))
async def rename_job(request: Request, caller: Caller, job_id: str, change: JobChange) -> JobView:
    """Give the job another name, in any state but deleted: it is shown from then on, in lists and exports too."""
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id)
    await parts.names.rename(caller.tenant, job.id, change.name)
    job = await parts.access.load(caller.tenant, job_id)
    return await _shown(parts, job, job.highest)


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
