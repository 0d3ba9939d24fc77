"""`POST /v1/uploads/{job_id}/attempts`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from feuilleton.contracts.errors import PipelineError
from feuilleton.http.auth import BearerAuth, Principal
from feuilleton.http.waiting import PREFER
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from ingest.answers import ENDED, AcceptedJob, Answers, Begun
from ingest.api_docs import problem_docs
from ingest.attempts import AttemptDesk

_PROBLEMS = (401, 402, 403, 404, 409, 410, 422, 429, 503)


def attempt_router(desk: AttemptDesk, answers: Answers, auth: BearerAuth) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/uploads/{job_id}/attempts",
        status_code=202,
        response_model=AcceptedJob,
        responses={200: ENDED, **problem_docs(*_PROBLEMS)},
        openapi_extra={"parameters": [PREFER]},
        tags=["uploads"],
        summary="Run an ended job once more",
    )
    async def post_attempt(
        request: Request,
        job_id: str,
        principal: Annotated[Principal, Depends(auth)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    ) -> Response:
        """A new attempt of a job that ended partial, failed or cancelled; only what is missing is worked on and paid.

        It reserves what is left of the job's estimate: all attempts together never cost more than that.
        409 `attempt_running` while the last attempt has not ended, `nothing_to_retry` when the job is complete.
        """
        traceparent = child_of(request.headers.get("traceparent", ""))
        try:
            begun = await desk.accept_attempt(principal.tenant, job_id, idempotency_key, traceparent)
        except PipelineError as exc:
            metrics.ATTEMPTS.labels(exc.code).inc()
            raise
        metrics.ATTEMPTS.labels("accepted").inc()
        return await answers.answer(request, Begun(begun.accepted, begun.attempt, begun.reserve))

    return router
