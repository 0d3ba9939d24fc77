"""The routes of the two systems before this one, with their names, over the same use cases (docs/compatibility.md)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.errors import ObjectNotFoundError
from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.job_settings import JobSettings, ModelTier
from feuilleton.http.auth import BearerAuth, Principal
from feuilleton.http.compatibility import DocumentStatus, OldSentence, old_sentence
from feuilleton.http.problems import ProblemDetailError, answer_headers
from ingest.accounts import Accounts, next_month
from ingest.admission import Desk, Taken
from ingest.answers import Answers, begun_of
from ingest.api_docs import problem_docs, upload_form
from ingest.estimates import EstimateDesk
from ingest.intake import Intake
from ingest.ledger import EntryKind
from ingest.upload_body import UPLOAD_FORM, FormNames

SMALL_PAGES = 50
"""As the system before had it: up to so many pages the answer is waited for."""
_MODEL_FIELDS = ("gemini_model", "model_preference")
_OLD_FORM = FormNames("pdf_file", dict.fromkeys(_MODEL_FIELDS, "model"), frozenset({"job_id"}))
_PROBLEMS = (400, 401, 402, 403, 408, 409, 413, 415, 422, 429, 503)
_MORE_FIELDS = {name: {"type": "string"} for name in (*_MODEL_FIELDS, "job_id")}
_OLD_BODY = {"requestBody": {"required": True, "content": upload_form(_MORE_FIELDS, file=_OLD_FORM.file)}}
_DOCUMENT_BODY = {"requestBody": {"required": True, "content": upload_form()}}


class ProcessedPdf(BaseModel):
    """`error_code` says why something is missing, where the old system would have said nothing."""

    job_id: str
    status: str = "completed"
    sentences: list[OldSentence]
    error_code: str | None = None


class StartedJob(BaseModel):
    job_id: str
    task_id: str
    status: str
    page_count: int
    message: str


class OldEstimate(BaseModel):
    page_count: int
    file_size: int
    image_count: int
    estimated_tokens: int
    estimated_credits: int
    model: str
    model_preference: ModelTier
    pricing_rate: float
    capped: bool = False
    warning: str | None


class OldCredits(BaseModel):
    """Of this month, in credits. `balance` can be spent now, `used` is what jobs cost, and `refunded` what came back
    of reserves: a job's whole reserve comes back at its end, and its cost is taken. What still is reserved is in none.
    """

    balance: int
    granted: int
    used: int
    refunded: int
    adjusted: int
    month: str
    next_reset: datetime


@dataclass(frozen=True)
class CompatDesk:
    desk: Desk
    estimates: EstimateDesk
    uploads: Intake
    estimated: Intake
    answers: Answers

    async def estimate(self, request: Request, principal: Principal) -> OldEstimate:
        async with self.estimated.body(request, _OLD_FORM) as body:
            body.refuse_early(request.headers.get("content-length"))
            found = await self.estimates.of_file(principal.tenant, body, request.stream())
        return OldEstimate(
            page_count=found.pages,
            file_size=body.received.size_bytes,
            image_count=found.scans,
            estimated_tokens=found.tokens,
            estimated_credits=found.credits,
            model=found.model,
            model_preference=ModelTier(body.received.fields.get("model", JobSettings().model)),
            pricing_rate=self.estimates.pricing.tariff.rate(found.engine, found.model),
            warning=found.warning,
        )

    async def sentences(self, end: JobEnded) -> list[OldSentence]:
        """Raises ProblemDetailError where the job made none."""
        if end.result is None:
            raise ProblemDetailError(
                end.code or "cancelled", f"The job ended as {end.outcome}: it made no sentences.", job_id=end.job
            )
        try:
            lines = (await self.desk.store.get(ids.cards_key(end.result))).splitlines()
        except ObjectNotFoundError as exc:
            raise ProblemDetailError("job_deleted", "The job was deleted.", job_id=end.job) from exc
        return [old_sentence(CardLine.model_validate_json(line)) for line in lines]


def compat_router(compat: CompatDesk, auth: BearerAuth) -> APIRouter:
    router = APIRouter(tags=["compatibility"])
    _add_pdfs(router, compat, Depends(_taking(compat, auth, _OLD_FORM)))
    _add_figures(router, compat, Depends(auth))
    _add_documents(router, Depends(_taking(compat, auth, UPLOAD_FORM)))
    return router


def _taking(compat: CompatDesk, auth: BearerAuth, form: FormNames) -> Callable[..., Awaitable[Taken]]:
    """A dependency: the job of the upload that the request is. What was kept for the answer is in its headers."""

    async def take(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(auth)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    ) -> Taken:
        taken = await compat.uploads.take(compat.desk, request, principal.tenant, idempotency_key, form)
        response.headers.update(answer_headers(request))
        return taken

    return take


def _add_pdfs(router: APIRouter, compat: CompatDesk, taking: Any) -> None:
    @router.post(
        "/api/v1/process-pdf",
        response_model=ProcessedPdf,
        responses={202: {"model": StartedJob, "description": "It goes on"}, **problem_docs(*_PROBLEMS)},
        openapi_extra=_OLD_BODY,
    )
    async def process_pdf(request: Request, taken: Annotated[Taken, taking]) -> ProcessedPdf | StartedJob | Response:
        """Upload a novel and wait for its sentences. A book of more than 50 pages, or one that takes longer than an
        answer may, is answered 202 and followed at `/api/v1/jobs/{job_id}`. `job_id` is not looked at: credits are
        reserved here.
        """
        end = taken.done or await _waited_for(compat, request, taken)
        if end is None:
            return JSONResponse(_started(taken).model_dump(), 202, answer_headers(request))
        return ProcessedPdf(job_id=taken.accepted.job, sentences=await compat.sentences(end), error_code=end.code)

    @router.post(
        "/api/v1/process-pdf-async", status_code=202, responses=problem_docs(*_PROBLEMS), openapi_extra=_OLD_BODY
    )
    async def process_pdf_async(taken: Annotated[Taken, taking]) -> StartedJob:
        """Upload a novel. It is followed at `/api/v1/jobs/{job_id}`."""
        return _started(taken)


def _add_figures(router: APIRouter, compat: CompatDesk, caller: Any) -> None:
    @router.post("/api/v1/estimate-pdf", responses=problem_docs(*_PROBLEMS), openapi_extra=_OLD_BODY)
    async def estimate_pdf(request: Request, principal: Annotated[Principal, caller]) -> OldEstimate:
        """What a book would cost. Nothing of it is kept."""
        return await compat.estimate(request, principal)

    @router.get("/api/v1/credits/me", responses=problem_docs(401, 403, 503))
    async def my_credits(principal: Annotated[Principal, caller]) -> OldCredits:
        """The month's credits of the caller's tenant."""
        return await _credits(compat.desk.accounts, principal)


def _add_documents(router: APIRouter, taking: Any) -> None:
    @router.post(
        "/api/documents/upload", status_code=202, responses=problem_docs(*_PROBLEMS), openapi_extra=_DOCUMENT_BODY
    )
    async def upload_document(taken: Annotated[Taken, taking]) -> DocumentStatus:
        """Upload a novel. It is followed at `/api/documents/{document_id}/status`."""
        done = taken.done is not None
        return DocumentStatus(
            document_id=taken.accepted.job,
            status="completed" if done else "pending",
            progress=100 if done else 0,
            task_state="SUCCESS" if done else "PENDING",
            message="Done before." if done else "Accepted.",
            total_chunks=0,
            ready=done,
        )


async def _waited_for(compat: CompatDesk, request: Request, taken: Taken) -> JobEnded | None:
    """How a small book ended, where that came in time."""
    if taken.accepted.pages > SMALL_PAGES:
        return None
    ended = await compat.answers.end_of(request, begun_of(taken))
    if ended is not None and (ended.end is None or ended.deleted):
        raise ProblemDetailError("job_deleted", "The job was deleted.", job_id=taken.accepted.job)
    return ended.end if ended else None


def _started(taken: Taken) -> StartedJob:
    return StartedJob(
        job_id=taken.accepted.job,
        task_id=taken.accepted.job,
        status="pending" if taken.done is None else "completed",
        page_count=taken.accepted.pages,
        message="PDF processing started. Check job status for progress.",
    )


async def _credits(accounts: Accounts, principal: Principal) -> OldCredits:
    standing = await accounts.standing(principal.tenant)
    month = datetime.now(UTC).date().replace(day=1)
    sums = await accounts.month(principal.tenant, month)
    return OldCredits(
        balance=standing.available,
        granted=sums.get(EntryKind.MONTHLY_GRANT, 0),
        used=-sums.get(EntryKind.JOB_FINAL, 0),
        refunded=sums.get(EntryKind.JOB_REFUND, 0),
        adjusted=sums.get(EntryKind.ADMIN_ADJUSTMENT, 0),
        month=f"{month:%Y-%m}",
        next_reset=datetime.combine(next_month(month), time(), UTC),
    )
