"""What every route asks for: who calls, and the parts that the application was built from."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from feuilleton.http.auth import Principal
from status_api.models import ChangeView
from status_api.parts import Parts


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


async def _caller(request: Request) -> Principal:
    return await parts_of(request).auth(request)


async def _no_store(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


Caller = Annotated[Principal, Depends(_caller)]
AttemptNumber = Annotated[int | None, Query(ge=1, le=1_000_000, description="The attempt; the highest by default.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]

ROUTER_DEPENDENCIES: list[Any] = [Depends(HTTPBearer(auto_error=False)), Depends(_caller), Depends(_no_store)]
"""The first is for the OpenAPI document alone: the second refuses."""

SCHEMA_PLACE = "#/components/schemas/{model}"
DOCUMENTED: tuple[type[BaseModel], ...] = (ChangeView,)

_MEANINGS = {
    400: "The cursor came with other filters (`cursor_of_other_filters`)",
    401: "No bearer key, or a wrong one (`unauthenticated`)",
    404: "No such job or attempt, as of now (`job_not_found`, `attempt_not_found`)",
    409: "The attempt has ended already (`job_already_ended`), or not yet (`job_not_ended`)",
    410: "The job was deleted (`job_deleted`)",
    422: "A wrong parameter (`invalid_request`, `invalid_cursor`)",
    429: "Too many of these at the same time (`too_many_streams`, `too_many_exports`)",
    503: "A server is away, or the projection is behind; Retry-After says when (`projection_behind`, ...)",
}


def schema_of(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a model among DOCUMENTED, for answers that FastAPI does not describe by itself."""
    return {"$ref": SCHEMA_PLACE.format(model=model.__name__)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems that a route may answer with; 401, 422 and 503 come with each."""
    return {status: {"description": _MEANINGS[status]} for status in sorted({401, 422, 503, *statuses})}
