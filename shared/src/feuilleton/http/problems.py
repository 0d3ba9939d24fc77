"""RFC 9457 problem documents, and the only map from an error's code or type to an HTTP status."""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from feuilleton.contracts.errors import InvalidInputError, PipelineError, TransientError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
log = structlog.get_logger(__name__)

_STATUS_OF_CODE: dict[str, int] = {
    "invalid_body": 400,
    "client_gone": 400,
    "unauthenticated": 401,
    "insufficient_credits": 402,
    "forbidden": 403,
    "job_not_found": 404,
    "chunk_not_found": 404,
    "attempt_not_found": 404,
    "result_not_found": 404,
    "links_not_available": 404,
    "webhook_not_found": 404,
    "delivery_not_found": 404,
    "key_not_found": 404,
    "tenant_not_found": 404,
    "attempt_running": 409,
    "nothing_to_retry": 409,
    "idempotency_key_in_use": 409,
    "job_already_ended": 409,
    "job_not_ended": 409,
    "webhook_disabled": 409,
    "webhook_limit_reached": 409,
    "tenant_exists": 409,
    "too_many_keys": 409,
    "body_timeout": 408,
    "job_deleted": 410,
    "file_too_large": 413,
    "quota_bytes_exceeded": 413,
    "not_a_pdf": 415,
    "idempotency_key_reused": 422,
    "encrypted": 422,
    "damaged": 422,
    "no_pages": 422,
    "too_many_pages": 422,
    "too_complex": 422,
    "invalid_settings": 422,
    "engine_not_available": 422,
    "invalid_cursor": 422,
    "cursor_of_other_filters": 400,
    "rate_limited": 429,
    "quota_jobs_exceeded": 429,
    "too_many_streams": 429,
    "too_many_webhook_tests": 429,
    "too_many_exports": 429,
}


class Problem(BaseModel):
    """An RFC 9457 problem. `code` is stable; `errors` names wrong fields where there are such. What is `needed` and
    `available`, or `used` of a `limit`, is told by the codes that are about a figure, in its own unit.
    """

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[dict[str, str]] | None = None
    job_id: str | None = None
    needed: int | None = None
    available: int | None = None
    used: int | None = None
    limit: int | None = None


class ProblemDetailError(InvalidInputError):
    """An error that a route wants to answer with more than its code."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        job_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = errors
        self.job_id = job_id
        self.headers = headers or {}


def status_of(error: PipelineError) -> int:
    """The HTTP status of an error of ours; 500 for what has no business at the boundary."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    if isinstance(error, TransientError):
        return int(HTTPStatus.SERVICE_UNAVAILABLE)
    return 422 if isinstance(error, InvalidInputError) else 500


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


def set_answer_headers(request: Request, headers: dict[str, str]) -> None:
    """Keep headers that the answer shall have whatever it becomes: problems have them from here."""
    request.state.answer_headers = headers


def answer_headers(request: Request) -> dict[str, str]:
    """What was kept so."""
    kept: dict[str, str] = getattr(request.state, "answer_headers", {})
    return kept


async def _on_pipeline_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PipelineError)  # noqa: S101  (registered for this type alone)
    status = status_of(error)
    headers = {**answer_headers(request), **getattr(error, "headers", {})}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = getattr(error, "retry_after_seconds", RETRY_AFTER_SECONDS)
        headers.setdefault("Retry-After", str(max(1, round(seconds))))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request_failed", code=error.code, exc_info=error)
    problem = Problem(
        title=_title(status),
        status=status,
        code=error.code if status != HTTPStatus.INTERNAL_SERVER_ERROR else "internal_error",
        detail=error.detail if status < HTTPStatus.INTERNAL_SERVER_ERROR else _outage_detail(error, status),
        errors=getattr(error, "errors", None),
        job_id=getattr(error, "job_id", None),
        **getattr(error, "figures", {}),
    )
    return problem_response(problem, headers)


def _outage_detail(error: PipelineError, status: int) -> str:
    """What may be told of a fault of ours: never the text of a driver's error."""
    if isinstance(error, TransientError):
        log.warning("request_unavailable", code=error.code, detail=error.detail)
        return "A part of the service does not answer just now. Nothing was lost; try again."
    return "The service failed." if status == HTTPStatus.INTERNAL_SERVER_ERROR else ""


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for this type alone)
    code = _title(error.status_code).lower().replace(" ", "_")
    problem = Problem(title=_title(error.status_code), status=error.status_code, code=code, detail=str(error.detail))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
    return problem_response(problem, headers)


def _allowed(request: Request) -> str:
    """All methods of a path. The router tells those of the first route alone that has it. A path that is also the
    example of a more general one is its own.
    """
    paths = request.app.openapi()["paths"].items()
    found = {template: each for template, each in paths if _pattern(template).fullmatch(request.url.path)}
    fewest = min((template.count("{") for template in found), default=0)
    methods = {name.upper() for template, each in found.items() if template.count("{") == fewest for name in each}
    return ", ".join(sorted(methods))


@lru_cache(maxsize=256)
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template)))


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for this type alone)
    errors = [
        {
            "field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
            "message": item["msg"],
        }
        for item in error.errors()
    ]
    detail = "; ".join(f"{entry['field']}: {entry['message']}" for entry in errors[:5])
    return problem_response(
        Problem(title=_title(422), status=422, code="invalid_request", detail=detail, errors=errors)
    )


async def _on_unexpected(_request: Request, error: Exception) -> Response:
    log.error("request_failed", code="internal_error", exc_info=error)
    return problem_response(Problem(title=_title(500), status=500, code="internal_error"))


def install_problems(app: FastAPI) -> None:
    """Answer every error of the app with a problem document, and say so in its OpenAPI document."""
    app.add_exception_handler(PipelineError, _on_pipeline_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(Exception, _on_unexpected)
    describe = app.openapi
    app.openapi = lambda: _with_problems(describe())  # type: ignore[method-assign]


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = described
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            if "requestBody" in operation:
                answers.setdefault("400", {"description": "The body cannot be read (`bad_request`, `invalid_body`)"})
            for status, answer in answers.items():
                if status >= "400":
                    answer["content"] = content
    return document
