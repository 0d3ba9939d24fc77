"""`POST /v1/uploads`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from feuilleton.http.auth import BearerAuth, Principal
from feuilleton.http.waiting import PREFER
from ingest.admission import Desk
from ingest.answers import ENDED, AcceptedJob, Answers
from ingest.api_docs import FORCE_FIELD, problem_docs, upload_form
from ingest.intake import Intake

_PROBLEMS = (400, 401, 402, 403, 408, 409, 410, 413, 415, 422, 429, 503)
_BODY = {
    "requestBody": {
        "required": True,
        "content": upload_form(FORCE_FIELD),
    }
}


def upload_router(desk: Desk, answers: Answers, auth: BearerAuth, intake: Intake) -> APIRouter:
    router = APIRouter()

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
        taken = await intake.take(desk, request, principal.tenant, idempotency_key)
        return await answers.answer_taken(request, taken)

    return router
