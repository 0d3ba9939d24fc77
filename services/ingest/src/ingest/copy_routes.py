"""`POST /v1/uploads/{job_id}/copies`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.http.auth import BearerAuth, Principal
from feuilleton.http.problems import set_answer_headers
from feuilleton.http.waiting import PREFER
from feuilleton.observability.tracing import child_of
from ingest.admission import Taken, read_force
from ingest.answers import ENDED, AcceptedJob, Answers
from ingest.api_docs import FORCE_FIELD, problem_docs
from ingest.copies import CopyDesk, CopyRequest, read_changes
from ingest.intake import counted
from ingest.json_body import read_json_body
from ingest.upload_body import FORCE

_BODY_LIMIT_BYTES = 16 * 1024
_PROBLEMS = (400, 401, 402, 403, 404, 409, 410, 413, 415, 422, 429, 503)


def _body() -> dict[str, Any]:
    """The OpenAPI entry: any of a job's settings, and `force`."""
    settings = JobSettings.model_json_schema(ref_template="#/components/schemas/{model}")["properties"]
    pages = {"type": ["string", "null"], "description": "7, 3-20, 3- or -20; null for all"}
    schema = {
        "type": "object",
        "properties": {**settings, "pages": pages, **FORCE_FIELD},
        "additionalProperties": False,
        "example": {"sentence_length_limit": 6},
    }
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}


def copy_router(desk: CopyDesk, answers: Answers, auth: BearerAuth) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/uploads/{job_id}/copies",
        status_code=202,
        response_model=AcceptedJob,
        responses={200: ENDED, **problem_docs(*_PROBLEMS)},
        openapi_extra={**_body(), "parameters": [PREFER]},
        tags=["uploads"],
        summary="Run a job's book once more, with other settings",
    )
    async def post_copy(
        request: Request,
        job_id: str,
        principal: Annotated[Principal, Depends(auth)],
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    ) -> Response:
        """A new job from the stored file of another, as if it had been sent again: it counts, reserves and waits as an
        upload does. The JSON object has the settings that change; the others stay as they are in that job.

        200 with `reused` where the file was completed with these settings before; `force` makes a new job.
        """
        taken = await _take(desk, request, principal.tenant, job_id, idempotency_key)
        return await answers.answer_taken(request, taken)

    return router


@counted
async def _take(desk: CopyDesk, request: Request, tenant: TenantId, job_id: str, key: str | None) -> Taken:
    changes = read_changes(await read_json_body(request, _BODY_LIMIT_BYTES))
    return await desk.accept_copy(
        CopyRequest(
            tenant=tenant,
            job_id=job_id,
            force=read_force(changes.pop(FORCE, False)),
            changes=changes,
            idempotency_key=key,
            traceparent=child_of(request.headers.get("traceparent", "")),
            on_counted=lambda rate: set_answer_headers(request, rate.headers),
        )
    )
