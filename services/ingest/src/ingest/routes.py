"""`POST /v1/uploads`."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import TenantId
from feuilleton.http.auth import BearerAuth, Principal
from feuilleton.http.problems import set_answer_headers
from feuilleton.http.waiting import PREFER
from feuilleton.observability import metrics
from feuilleton.observability.tracing import child_of
from ingest.admission import Desk, UploadRequest
from ingest.answers import ENDED, AcceptedJob, Answers
from ingest.api_docs import FORCE_FIELD, problem_docs, upload_form
from ingest.errors import BusyError
from ingest.upload_body import UploadBody

_PROBLEMS = (400, 401, 402, 403, 408, 409, 410, 413, 415, 422, 429, 503)
_BODY = {
    "requestBody": {
        "required": True,
        "content": upload_form(FORCE_FIELD),
    }
}


def upload_router(
    desk: Desk, answers: Answers, auth: BearerAuth, *, limit_bytes: int, idle_seconds: float, at_once: int
) -> APIRouter:
    router = APIRouter()
    places = asyncio.Semaphore(at_once)

    @router.post(
        "/v1/uploads",
        status_code=202,
        response_model=AcceptedJob,
        responses={200: ENDED, **problem_docs(*_PROBLEMS)},
        openapi_extra={**_BODY, "parameters": [PREFER]},
        tags=["uploads"],
        summary="Upload a novel",
    )
    async def post_upload(
        request: Request,
        principal: Annotated[Principal, Depends(auth)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    ) -> Response:
        """Stream a PDF in. 202 with `Location` once the job is sure to run; any 4xx means that it never will. With
        `Prefer: wait=N` 200 with its end, if that comes within N seconds. 200 too, with `reused`, where the same file
        was completed before with the same settings: that job answers, and costs nothing; `force` makes a new one.

        Each upload of the hour counts, refused ones too (429 `rate_limited`, the fields RateLimit and Retry-After); a
        repetition under the same Idempotency-Key does not.
        """
        body = UploadBody(request.headers.get("content-type", ""), limit_bytes=limit_bytes, idle_seconds=idle_seconds)
        if places.locked():
            raise BusyError("too many uploads at once")
        async with places:
            try:
                taken = await desk.accept_upload(_asked(request, principal.tenant, body, idempotency_key))
            except ClientDisconnect:
                metrics.UPLOADS.labels("client_gone").inc()
                return Response(status_code=400)  # nobody is there to read it
            except PipelineError as exc:
                metrics.UPLOADS.labels(exc.code).inc()
                raise
        return await answers.answer_taken(request, taken)

    return router


def _asked(request: Request, tenant: TenantId, body: UploadBody, idempotency_key: str | None) -> UploadRequest:
    return UploadRequest(
        tenant=tenant,
        body=body,
        stream=request.stream(),
        idempotency_key=idempotency_key,
        traceparent=child_of(request.headers.get("traceparent", "")),
        on_counted=lambda rate: set_answer_headers(request, rate.headers),
        content_length=request.headers.get("content-length"),
    )
