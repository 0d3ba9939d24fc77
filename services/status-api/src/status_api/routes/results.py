"""What a job made: its cards, while it runs and after, and its report."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Report
from feuilleton.contracts.errors import ObjectNotFoundError, PipelineError
from status_api import downloads
from status_api.card_pages import BEGINNING, Place, ResultUnavailableError
from status_api.cursors import number_cursor, read_number_cursor
from status_api.models import CardPage
from status_api.projection import Job
from status_api.routes.dependencies import (
    ROUTER_DEPENDENCIES,
    AttemptNumber,
    Caller,
    Cursor,
    parts_of,
    problems,
)

router = APIRouter(prefix="/v1/jobs", tags=["results"], dependencies=ROUTER_DEPENDENCIES)

JSONL = "application/jsonl"
CSV = "text/csv"
_NO_STORE = {"Cache-Control": "no-store"}


class JobNotEndedError(PipelineError):
    """A whole result is asked for, and the attempt still runs."""

    code = "job_not_ended"


class ResultNotFoundError(PipelineError):
    """The attempt ended without a result."""

    code = "result_not_found"


class CardQuery(BaseModel):
    attempt: AttemptNumber = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor = None


_FORMS = {"content": {JSONL: {}, CSV: {}}, "description": "A page, or with `Accept` the whole result as a stream"}


@router.get("/{job_id}/cards", response_model=CardPage, responses={200: _FORMS, **problems(404, 409, 410)})
async def list_cards(
    request: Request,
    caller: Caller,
    job_id: str,
    asked: Annotated[CardQuery, Query()],
    accept: Annotated[str, Header()] = "",
) -> CardPage | Response:
    """Cards in book order. While the attempt runs they come as far as the first unfinished chunk; `next_cursor`
    goes on from there. With `Accept: application/jsonl` or `text/csv`: the whole result of an ended attempt.
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, asked.attempt)
    number = asked.attempt or job.highest
    form = next((form for form in (JSONL, CSV) if form in accept), None)
    if form is not None:
        return await _download(request, job, number, form)
    start = _read_place(asked.cursor) if asked.cursor else BEGINNING
    cards = await parts.card_pages.read(job, number, start, asked.limit)
    return CardPage(
        attempt=number,
        status=job.attempts[number].state.status,
        items=list(cards.items),
        next_cursor=number_cursor(*cards.next) if cards.next else None,
    )


@router.get("/{job_id}/report", responses={200: {"model": Report}, **problems(404, 409, 410)})
async def get_report(request: Request, caller: Caller, job_id: str, attempt: AttemptNumber = None) -> Response:
    """The figures of an ended attempt, as report.json holds them."""
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, attempt)
    result = _result_of(job, attempt or job.highest)
    try:
        body = await parts.store.get(ids.report_key(result))
    except ObjectNotFoundError as exc:
        raise ResultUnavailableError("report.json is missing") from exc
    return Response(body, media_type=JSONResponse.media_type, headers=_NO_STORE)


async def _download(request: Request, job: Job, number: int, form: str) -> Response:
    parts = parts_of(request)
    result = _result_of(job, number)
    try:
        ranges = await parts.documents.card_ranges(result)
    except ObjectNotFoundError as exc:
        raise ResultUnavailableError("the result is missing") from exc
    lines = downloads.jsonl(parts.store, result, ranges)
    name = f"cards-{job.id}.{'jsonl' if form == JSONL else 'csv'}"
    headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    body = lines if form == JSONL else downloads.as_csv(lines)
    return StreamingResponse(body, media_type=f"{form}; charset=utf-8", headers=headers)


def _read_place(cursor: str) -> Place:
    rank, position = read_number_cursor(cursor, count=2)
    return rank, position


def _result_of(job: Job, number: int) -> str:
    end = job.attempts[number].state.end
    if end is None:
        raise JobNotEndedError("the attempt still runs")
    if end.result is None:
        raise ResultNotFoundError("the attempt ended without a result")
    return end.result
