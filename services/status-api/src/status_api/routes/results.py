"""What a job made: its cards, while it runs and after, and its report."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Report
from feuilleton.contracts.errors import ObjectNotFoundError
from status_api.access import result_of
from status_api.card_pages import BEGINNING, Place, ResultUnavailableError
from status_api.cursors import number_cursor, read_number_cursor
from status_api.models import CardPage
from status_api.routes.dependencies import (
    ROUTER_DEPENDENCIES,
    AttemptNumber,
    Caller,
    Cursor,
    parts_of,
    problems,
)

router = APIRouter(prefix="/v1/jobs", tags=["results"], dependencies=ROUTER_DEPENDENCIES)

_NO_STORE = {"Cache-Control": "no-store"}


class CardQuery(BaseModel):
    attempt: AttemptNumber = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor = None


@router.get("/{job_id}/cards", responses=problems(404, 410))
async def list_cards(request: Request, caller: Caller, job_id: str, asked: Annotated[CardQuery, Query()]) -> CardPage:
    """Cards in book order, page by page. While the attempt runs they come as far as the first unfinished chunk;
    `next_cursor` goes on from there. The whole result of an ended attempt as a file: `exports`.
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, asked.attempt)
    number = asked.attempt or job.highest
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
    result = result_of(job, attempt or job.highest)
    try:
        body = await parts.store.get(ids.report_key(result))
    except ObjectNotFoundError as exc:
        raise ResultUnavailableError("report.json is missing") from exc
    return Response(body, media_type=JSONResponse.media_type, headers=_NO_STORE)


def _read_place(cursor: str) -> Place:
    rank, position = read_number_cursor(cursor, count=2)
    return rank, position
