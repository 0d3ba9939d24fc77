"""The routes of the two systems before this one, with their names, over the same use cases (docs/compatibility.md).

Their clients wait for states that they know: `partial` is told as `completed`, with an `error_code` that says so.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.job_state import JobStatus
from feuilleton.http.compatibility import DocumentStatus, OldSentence, old_sentence
from feuilleton.observability.health import failing
from status_api.access import result_of
from status_api.exports.formats import ExportFormat
from status_api.exports.naming import title_of
from status_api.exports.sheets import SheetOrder
from status_api.models import JobView, job_view
from status_api.parts import Parts
from status_api.ports import JobFilter
from status_api.projection import Job
from status_api.routes.commands import cancel
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, Caller, parts_of, problems
from status_api.routes.exports import AccessToken, FolderId, edition_of

router = APIRouter(tags=["compatibility"], dependencies=ROUTER_DEPENDENCIES)
health = APIRouter(include_in_schema=False)
"""Open, as the probes are."""

_OVER = frozenset({JobStatus.COMPLETED, JobStatus.PARTIAL, JobStatus.FAILED, JobStatus.CANCELLED})
_STATUS = {
    JobStatus.ACCEPTED: "pending",
    JobStatus.SPLITTING: "processing",
    JobStatus.EXTRACTING: "processing",
    JobStatus.MERGING: "processing",
    JobStatus.COMPLETED: "completed",
    JobStatus.PARTIAL: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.DELETED: "cancelled",
}
_STEP = {
    JobStatus.ACCEPTED: "Waiting",
    JobStatus.SPLITTING: "Reading the PDF",
    JobStatus.EXTRACTING: "Processing chunks",
    JobStatus.MERGING: "Merging results",
    JobStatus.COMPLETED: "Completed",
    JobStatus.PARTIAL: "Completed, with parts missing",
    JobStatus.FAILED: "Failed",
    JobStatus.CANCELLED: "Cancelled",
    JobStatus.DELETED: "Deleted",
}
_TASK_STATE = {"pending": "PENDING", "processing": "STARTED", "completed": "SUCCESS", "failed": "FAILURE"}
_REVOKED = "REVOKED"


class OldProgress(BaseModel):
    job_id: str
    status: str
    progress_percent: int
    current_step: str
    total_chunks: int
    processed_chunks: int
    error_code: str | None
    error_message: str | None


class OldJob(OldProgress):
    """`failed_chunks` are indexes. `outcome` is the state by our own name, which tells `partial` from `completed`."""

    id: str
    outcome: JobStatus
    history_id: str
    celery_task_id: str
    original_filename: str
    page_count: int
    model: str
    actual_tokens: int
    processing_settings: JobSettings | None
    created_at: datetime | None
    completed_at: datetime | None
    failed_chunks: list[int]
    retry_count: int
    is_cancelled: bool


class OldCancel(BaseModel):
    message: str
    job_id: str
    status: str


class OldResults(BaseModel):
    job_id: str
    status: str
    sentences: list[OldSentence]


class HistoryEntry(BaseModel):
    id: str
    job_id: str
    timestamp: datetime | None
    original_filename: str
    processed_sentences_count: int
    error_code: str | None
    error_message: str | None
    settings: JobSettings | None


class HistoryExport(BaseModel):
    """`access_token` is the user's own OAuth token for Google: none is stored here, as the old system did."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    access_token: AccessToken
    sheet_name: str | None = Field(default=None, alias="sheetName", min_length=1, max_length=200)
    folder_id: FolderId = Field(default=None, alias="folderId")


class HistoryExported(BaseModel):
    message: str
    spreadsheet_url: str
    sentences_count: int


class Document(DocumentStatus):
    filename: str
    page_count: int
    created_at: datetime | None


@router.get("/api/v1/jobs/{job_id}", responses=problems(404))
async def get_old_job(request: Request, caller: Caller, job_id: str) -> OldJob:
    parts = parts_of(request)
    job = await parts.access.load(caller.tenant, job_id)
    finished = await parts.reader.finished_chunks(job.id, job.highest)
    shown = _shown(job)
    return OldJob(
        **_progress(shown).model_dump(),
        id=shown.id,
        outcome=shown.status,
        history_id=shown.id,
        celery_task_id=shown.id,
        original_filename=shown.name,
        page_count=shown.pages,
        model=shown.model,
        actual_tokens=shown.tokens,
        processing_settings=shown.settings,
        created_at=shown.accepted_at,
        completed_at=shown.ended_at,
        failed_chunks=sorted(index for index, succeeded in finished.items() if not succeeded),
        retry_count=shown.attempt - 1,
        is_cancelled=shown.status in (JobStatus.CANCELLED, JobStatus.DELETED),
    )


@router.get("/api/v1/jobs/{job_id}/status", responses=problems(404))
async def get_old_status(request: Request, caller: Caller, job_id: str) -> OldProgress:
    return _progress(_shown(await parts_of(request).access.load(caller.tenant, job_id)))


@router.get("/api/v1/jobs/{job_id}/results", response_model=OldResults, responses=problems(404, 409, 410))
async def get_old_results(request: Request, caller: Caller, job_id: str) -> Response:
    """All sentences of a job that ended, in book order, sent as they are read."""
    return await _results(parts_of(request), caller, job_id)


@router.post("/api/v1/jobs/{job_id}/cancel", responses=problems(404, 409))
async def cancel_old_job(request: Request, caller: Caller, job_id: str) -> OldCancel:
    """The answer waits a moment for the end; where it still runs then, the command is on its way."""
    job, number = await cancel(parts_of(request), caller.tenant, job_id, None)
    status = _STATUS[job_view(job, number, datetime.now(UTC)).status]
    message = "Job cancelled successfully" if status == "cancelled" else "The job is being cancelled"
    return OldCancel(message=message, job_id=job.id, status=status)


@router.get("/api/v1/history", responses=problems())
async def list_history(
    request: Request, caller: Caller, limit: Annotated[int, Query(ge=1, le=100)] = 100
) -> list[HistoryEntry]:
    """The jobs that ended, the last accepted first. `GET /v1/jobs` has further pages."""
    page = await parts_of(request).reader.list_jobs(caller.tenant, JobFilter(statuses=_OVER), before=None, limit=limit)
    return [_entry(_shown(job)) for job in page.jobs]


@router.get("/api/v1/history/{job_id}", responses=problems(404))
async def get_history_entry(request: Request, caller: Caller, job_id: str) -> HistoryEntry:
    """One of them, or one that runs. Its sentences: `/api/v1/jobs/{job_id}/results`."""
    return _entry(_shown(await parts_of(request).access.load(caller.tenant, job_id)))


@router.post("/api/v1/history/{job_id}/export", responses=problems(404, 409, 410, 429))
async def export_history(request: Request, caller: Caller, job_id: str, wanted: HistoryExport) -> HistoryExported:
    """All sentences as a new spreadsheet in the user's Google Drive."""
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id)
    edition = edition_of(job, job.highest, ExportFormat.XLSX, bom=False)
    order = SheetOrder(wanted.access_token, wanted.sheet_name or title_of(edition.name), wanted.folder_id)
    sheet, cards = await parts.sheets.deliver(edition.result, order)
    return HistoryExported(message="Export successful", spreadsheet_url=sheet.url, sentences_count=cards)


@router.get("/api/documents/{document_id}", responses=problems(404))
async def get_document(request: Request, caller: Caller, document_id: str) -> Document:
    shown = _shown(await parts_of(request).access.load(caller.tenant, document_id))
    return Document(
        **_document_status(shown).model_dump(),
        filename=shown.name,
        page_count=shown.pages,
        created_at=shown.accepted_at,
    )


@router.get("/api/documents/{document_id}/status", responses=problems(404))
async def get_document_status(request: Request, caller: Caller, document_id: str) -> DocumentStatus:
    return _document_status(_shown(await parts_of(request).access.load(caller.tenant, document_id)))


@health.get("/api/v1/health")
async def get_health(request: Request) -> Response:
    """200 with both `ok`, or 503 that names what is away."""
    parts = parts_of(request)
    missing = await failing({"database": parts.reader.check, "broker": parts.publisher.check})()
    checks = {name: "error" if name in missing else "ok" for name in ("database", "broker")}
    body = {"status": "unhealthy" if missing else "healthy", **checks}
    return JSONResponse(body, 503 if missing else 200, {"Cache-Control": "no-store"})


def _shown(job: Job) -> JobView:
    return job_view(job, job.highest, datetime.now(UTC))


def _progress(shown: JobView) -> OldProgress:
    return OldProgress(
        job_id=shown.id,
        status=_STATUS[shown.status],
        progress_percent=shown.progress_percent,
        current_step=_STEP[shown.status],
        total_chunks=shown.chunks.total,
        processed_chunks=shown.chunks.finished,
        error_code=shown.code,
        error_message=_error_message(shown),
    )


def _error_message(shown: JobView) -> str | None:
    if shown.code is None:
        return None
    if shown.status is JobStatus.PARTIAL:
        return f"Parts of the book are missing ({shown.code}): see /v1/jobs/{shown.id}/report"
    return f"The job {shown.status} ({shown.code})"


def _entry(shown: JobView) -> HistoryEntry:
    return HistoryEntry(
        id=shown.id,
        job_id=shown.id,
        timestamp=shown.ended_at or shown.accepted_at,
        original_filename=shown.name,
        processed_sentences_count=shown.cards,
        error_code=shown.code,
        error_message=_error_message(shown),
        settings=shown.settings,
    )


def _document_status(shown: JobView) -> DocumentStatus:
    status = _STATUS[shown.status]
    return DocumentStatus(
        document_id=shown.id,
        status=status,
        progress=shown.progress_percent,
        task_state=_TASK_STATE.get(status, _REVOKED),
        message=_error_message(shown) or _STEP[shown.status],
        total_chunks=shown.chunks.total,
        ready=status == "completed",
    )


async def _results(parts: Parts, caller: Caller, job_id: str) -> Response:
    job = await parts.access.load_kept(caller.tenant, job_id)
    result = result_of(job, job.highest)
    await parts.deliveries.count(result)  # a stream that has begun can only break off
    head = json.dumps({"job_id": job.id, "status": _STATUS[_shown(job).status]})
    return StreamingResponse(
        _sentences(parts, result, head), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _sentences(parts: Parts, result: str, head: str) -> AsyncIterator[str]:
    yield head.removesuffix("}") + ', "sentences": ['
    between = ""
    async for cards in parts.deliveries.cards(result):
        text = ",".join(old_sentence(card).model_dump_json() for card in cards)
        if text:
            yield between + text
            between = ","
    yield "]}"
