"""`POST /v1/estimates`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from feuilleton.contracts.job_settings import MAX_PAGE, Engine, EngineChoice, JobSettings, ModelTier
from feuilleton.http.auth import BearerAuth, Principal
from ingest.api_docs import problem_docs, upload_form
from ingest.errors import InvalidBodyError, InvalidSettingsError
from ingest.estimates import EstimateDesk
from ingest.intake import Intake
from ingest.json_body import read_json_body

_JSON_LIMIT_BYTES = 4096
_MOST_WORDS = 100_000_000
_PROBLEMS = (400, 401, 403, 408, 413, 415, 422, 503)


class BookBySize(BaseModel):
    """A book that is known by its size alone. Without `words`, a page is reckoned with 280."""

    model_config = ConfigDict(extra="forbid")
    pages: int = Field(ge=1, le=MAX_PAGE, strict=True)
    words: int | None = Field(default=None, ge=0, le=_MOST_WORDS, strict=True)
    engine: EngineChoice = EngineChoice.AUTO
    model: ModelTier = ModelTier.BALANCED


class EstimateAnswer(BaseModel):
    """Of the pages asked for. `credits` is what an upload would reserve and the most that it can cost; `scans` are
    pages that are images; `available` is what the tenant can spend now; `warning` is words for a person, or null.
    """

    model_config = ConfigDict(from_attributes=True)
    pages: int
    words: int
    scans: int
    tokens: int
    credits: int
    available: int
    engine: Engine
    model: str
    warning: str | None


def _in_one_piece(model: type[BaseModel]) -> dict[str, Any]:
    """Its schema without `$defs`, to which nothing inside an OpenAPI document could refer."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    for name, field in schema["properties"].items():
        where = field.pop("$ref", "").rpartition("/")[2]
        schema["properties"][name] = {**parts.get(where, {}), **field}
    return schema


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **upload_form(),
            "application/json": {
                "schema": _in_one_piece(BookBySize),
                "example": {"pages": 320, "words": 90000, "model": "balanced"},
            },
        },
    }
}
_EXAMPLE = {
    "pages": 320,
    "words": 90000,
    "scans": 0,
    "tokens": 563400,
    "credits": 1127,
    "available": 50,
    "engine": "gemini",
    "model": "gemini-3.5-flash-lite",
    "warning": "1077 credits are missing: an upload would be refused.",
}


def estimate_router(desk: EstimateDesk, auth: BearerAuth, intake: Intake) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/estimates",
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problem_docs(*_PROBLEMS),
        },
        openapi_extra=_BODY,
        tags=["credits"],
        summary="What a book would cost",
    )
    async def post_estimate(request: Request, principal: Annotated[Principal, Depends(auth)]) -> EstimateAnswer:
        """Send the form of an upload, or pages and words as JSON. The file is read as an upload is, within the same
        limits and with the same refusals, and nothing of it is kept.
        """
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() == "application/json":
            book = await _read_size(request)
            settings = JobSettings(engine=book.engine, model=book.model)
            return EstimateAnswer.model_validate(await desk.of_size(principal.tenant, book.pages, book.words, settings))
        async with intake.body(request) as body:
            body.refuse_early(request.headers.get("content-length"))
            return EstimateAnswer.model_validate(await desk.of_file(principal.tenant, body, request.stream()))

    return router


async def _read_size(request: Request) -> BookBySize:
    """Raises InvalidBodyError, InvalidSettingsError."""
    body = await read_json_body(request, _JSON_LIMIT_BYTES)
    try:
        return BookBySize.model_validate_json(body)
    except ValidationError as exc:
        if any(error["type"] == "json_invalid" for error in exc.errors()):
            raise InvalidBodyError("the body is no JSON") from exc
        raise InvalidSettingsError(
            [
                {"field": ".".join(str(part) for part in error["loc"]) or "body", "message": error["msg"]}
                for error in exc.errors()
            ]
        ) from exc
