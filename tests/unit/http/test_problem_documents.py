"""What an app with problem documents says of itself."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from feuilleton.http.problems import MEDIA_TYPE, install_problems


@pytest.fixture
def client() -> httpx.AsyncClient:
    app, router = FastAPI(), APIRouter()
    install_problems(app)

    @router.get("/books/{book}/pages/{page}")
    def get_page(book: str, page: int) -> str:
        return f"{book} {page}"

    @router.patch("/books/{book}/pages/{page}")
    def patch_page(book: str, page: int, changes: dict[str, str]) -> None: ...

    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def test_a_method_that_a_path_has_not_is_answered_with_all_that_it_has(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/books/nana/pages/3")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    assert answer.json()["code"] == "method_not_allowed"
    assert (await client.delete("/books/nana/3")).status_code == 404


async def test_every_problem_is_documented_with_its_media_type(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operations = document["paths"]["/books/{book}/pages/{page}"]
    assert {"200", "400", "422"} == set(operations["patch"]["responses"])
    assert "400" not in operations["get"]["responses"], "it has no body that could be unreadable"
    for operation in operations.values():
        assert list(operation["responses"]["422"]["content"]) == [MEDIA_TYPE]
    assert "code" in document["components"]["schemas"]["Problem"]["properties"]
