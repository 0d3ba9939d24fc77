"""The walk itself: each way to leak is found, and what it cannot judge it says."""

from collections.abc import Callable
from typing import Annotated, cast

import httpx
import pytest
from fastapi import FastAPI, Header, HTTPException, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from tests.leak_walk import Asked, Foreign, statuses, walk

JOB, NOBODYS = "0f8fad5b-d9cb-469f-a165-70867728950e", "00000000-0000-4000-8000-000000000000"
OWN = "11111111-1111-4111-8111-111111111111"
FOREIGN = Foreign(
    ids={"job_id": JOB, "tenant": "acme", "note_id": "7"},
    nobodys={"job_id": NOBODYS, "tenant": "nobody", "note_id": "0"},
    own={"job_id": OWN},
    secrets=frozenset({JOB, "roman.pdf", "La porte s'ouvre."}),
    constants={"form": "csv"},
)
Route = Callable[..., object]


class Wanted(BaseModel):
    name: Annotated[str, Field(min_length=3)]
    count: Annotated[int, Field(ge=5)]
    wide: bool


def found(path: str, route: Route, method: str = "GET") -> list[str]:
    app = FastAPI()
    app.add_api_route(path, route, methods=[method], response_model=None)
    with TestClient(app, raise_server_exceptions=False) as client:
        asked = walk(app.openapi(), cast("httpx.Client", client), FOREIGN)
    assert asked
    return [str(each) for each in asked if each.finding]


def hides(job_id: str) -> Response:
    raise HTTPException(404, "there is no such job")


def refuses(job_id: str) -> Response:
    raise HTTPException(403, "this needs the role admin")


def hides_with_a_body(job_id: str, wanted: Wanted) -> Response:
    raise HTTPException(404, "there is no such job")


def hides_a_format(job_id: str, form: str) -> Response:
    raise HTTPException(404, "there is no such job")


def echoes(job_id: str) -> Response:
    raise HTTPException(404, f"there is no job {job_id}")


def lists_nothing() -> Response:
    return JSONResponse({"items": []})


@pytest.mark.parametrize(
    ("path", "route", "method"),
    [
        ("/jobs/{job_id}", hides, "GET"),
        ("/jobs/{job_id}", hides, "DELETE"),
        ("/jobs/{job_id}/admin", refuses, "POST"),
        ("/jobs/{job_id}/exports", hides_with_a_body, "POST"),
        ("/jobs/{job_id}/exports/{form}", hides_a_format, "GET"),
        ("/jobs/{job_id}", echoes, "GET"),
        ("/jobs", lists_nothing, "GET"),
    ],
)
def test_a_route_that_hides_is_let_pass(path: str, route: Route, method: str) -> None:
    assert found(path, route, method) == []


def tells_of_the_job(job_id: str) -> Response:
    return JSONResponse({"name": "roman.pdf"})


def tells_that_it_exists(job_id: str) -> Response:
    if job_id == JOB:
        raise HTTPException(409, "it has ended")
    raise HTTPException(404, "there is no such job")


def words_it_otherwise(job_id: str) -> Response:
    raise HTTPException(404, "it is not yours" if job_id == JOB else "there is no such job")


def tells_by_a_header(job_id: str) -> Response:
    headers = {"X-Owner": "someone"} if job_id == JOB else {}
    return JSONResponse({}, status_code=404, headers=headers)


def obeys(job_id: str) -> Response:
    return Response(status_code=204)


def tells_in_one_form(job_id: str, accept: Annotated[str, Header()] = "") -> Response:
    if accept == "text/csv":
        return PlainTextResponse("La porte s'ouvre.")
    raise HTTPException(404, "there is no such job")


def tells_with_an_attempt(job_id: str, attempt: int | None = None) -> Response:
    if attempt:
        return JSONResponse({"cards": []})
    raise HTTPException(404, "there is no such job")


def streams(job_id: str) -> Response:
    return StreamingResponse(iter(["data: La porte ", "s'ouvre.\n\n"]), media_type="text/event-stream")


def lists_all() -> Response:
    return JSONResponse({"items": [{"id": JOB}]})


def lists_of_whom_one_likes(tenant: Annotated[str | None, Query()] = None) -> Response:
    return JSONResponse({"items": [{"a": "b"}] if tenant == "acme" else []})


class Adjusted(BaseModel):
    amount: int
    tenant: str | None = None


def takes_a_tenant_in_its_body(adjusted: Adjusted) -> Response:
    return Response(status_code=201 if adjusted.tenant == "acme" else 404)


def tells_of_notes_below_ones_own_job(job_id: str, note_id: str) -> Response:
    return Response(status_code=200 if (job_id, note_id) == (OWN, "7") else 404)


@pytest.mark.parametrize(
    ("path", "route", "method"),
    [
        ("/adjustments", takes_a_tenant_in_its_body, "POST"),
        ("/jobs/{job_id}/notes/{note_id}", tells_of_notes_below_ones_own_job, "GET"),
        ("/jobs/{job_id}", tells_of_the_job, "GET"),
        ("/jobs/{job_id}", tells_that_it_exists, "GET"),
        ("/jobs/{job_id}", words_it_otherwise, "GET"),
        ("/jobs/{job_id}", tells_by_a_header, "GET"),
        ("/jobs/{job_id}/cancel", obeys, "POST"),
        ("/jobs/{job_id}", obeys, "DELETE"),
        ("/jobs/{job_id}/cards", tells_in_one_form, "GET"),
        ("/jobs/{job_id}/cards", tells_with_an_attempt, "GET"),
        ("/jobs/{job_id}/events", streams, "GET"),
        ("/jobs", lists_all, "GET"),
        ("/jobs", lists_of_whom_one_likes, "GET"),
    ],
)
def test_a_route_that_leaks_is_found(path: str, route: Route, method: str) -> None:
    assert found(path, route, method)


def asks_for_more(job_id: str, wanted: Wanted, word: Annotated[str, Query(pattern="^never$")]) -> Response:
    raise HTTPException(404, "there is no such job")


def has_a_new_id(shelf_id: str) -> Response:
    raise HTTPException(404, "there is no such shelf")


def test_a_route_that_could_not_be_asked_is_no_route_that_hides() -> None:
    assert found("/jobs/{job_id}/more", asks_for_more, "POST")
    (finding,) = found("/shelves/{shelf_id}", has_a_new_id)
    assert "shelf_id" in finding


def test_what_each_route_answers_is_told_by_its_name() -> None:
    app = FastAPI()
    app.add_api_route("/jobs/{job_id}", refuses, methods=["DELETE"], response_model=None)
    app.add_api_route("/jobs", lists_nothing, response_model=None)
    with TestClient(app) as client:
        assert statuses(app.openapi(), cast("httpx.Client", client), FOREIGN) == {
            "DELETE /jobs/{job_id}": 403,
            "GET /jobs": 200,
        }


def test_a_finding_says_where_and_what() -> None:
    assert str(Asked("GET", "/jobs", 200, "tells ['x']")) == "GET /jobs: 200 tells ['x']"
