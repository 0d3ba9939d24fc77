"""What a tenant asks about money, over HTTP. None of it needs a broker: there is none."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.bootstrap import build_app
from ingest.settings import IngestSettings
from tests.builders import a_pdf
from tests.integration.ingest.conftest import make_tables
from tests.stack import API_KEY, auth, environment

pytestmark = pytest.mark.servers


@pytest.fixture
async def http(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The service in this process, with 50 credits a month."""
    await make_tables(fresh_database_url)
    env = environment(
        kafka="127.0.0.1:1",
        prefix="",
        database_url=fresh_database_url,
        object_store_url=(tmp_path / "objects").as_uri(),
        ENGINES="gemini,local",
        MONTHLY_CREDITS="50",
        UPLOAD_LIMIT_BYTES="100000",
        PAGES_LIMIT="20",
    )
    for name, value in env.items():
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    app = build_app(IngestSettings())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=auth()) as client:
            for _ in range(500):
                if "postgres" not in (await client.get("/readyz")).json()["missing"]:
                    break
                await asyncio.sleep(0.02)
            yield client


def form(body: bytes) -> dict[str, Any]:
    return {"file": ("roman.pdf", body, "application/pdf")}


async def test_an_estimate_of_a_file_tells_what_an_upload_would_reserve_and_keeps_nothing(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await http.post("/v1/estimates", files=form(a_pdf(4)))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "pages": 4,
        "words": 20,
        "scans": 0,
        "tokens": 1_880,
        "credits": 4,
        "available": 50,
        "engine": "gemini",
        "model": "gemini-3.5-flash-lite",
        "warning": None,
    }
    fewer = await http.post("/v1/estimates", files=form(a_pdf(4)), data={"pages": "2-3", "model": "quality"})
    assert {name: fewer.json()[name] for name in ("pages", "words", "credits")} == {
        "pages": 2,
        "words": 10,
        "credits": 6,
    }
    free = (await http.post("/v1/estimates", files=form(a_pdf(4)), data={"engine": "local"})).json()
    assert (free["words"], free["credits"], free["warning"]) == (20, 0, None)
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_an_estimate_by_size_says_what_is_missing(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/estimates", json={"pages": 320, "words": 90_000})).json()
    assert (answer["tokens"], answer["credits"]) == (563_400, 1_127)
    assert answer["warning"] == "1077 credits are missing: an upload would be refused."
    by_pages = (await http.post("/v1/estimates", json={"pages": 10})).json()
    assert by_pages["words"] == 2_800


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"files": form(b"no pdf at all")}, 415, "not_a_pdf"),
        ({"files": form(a_pdf(21))}, 422, "too_many_pages"),
        ({"files": form(b"%PDF-" + b"x" * 100_000)}, 413, "file_too_large"),
        ({"files": form(a_pdf()), "data": {"engine": "openai"}}, 422, "engine_not_available"),
        ({"files": form(a_pdf()), "data": {"sentence_length_limit": "2"}}, 422, "invalid_settings"),
        ({"json": {"pages": 0}}, 422, "invalid_settings"),
        ({"json": {"pages": 1, "word": 5}}, 422, "invalid_settings"),
        ({"json": {"pages": "1"}}, 422, "invalid_settings"),
        ({"json": {"pages": True}}, 422, "invalid_settings"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "invalid_body"),
        ({"content": b"[" * 5_000, "headers": {"content-type": "application/json"}}, 400, "invalid_body"),
        ({"content": b"pages", "headers": {"content-type": "text/plain"}}, 400, "invalid_body"),
        ({"files": form(a_pdf(password="secret"))}, 422, "encrypted"),
    ],
)
async def test_an_estimate_is_refused_as_an_upload_is(
    http: httpx.AsyncClient, request_: dict[str, Any], status: int, code: str
) -> None:
    answer = await http.post("/v1/estimates", **request_)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_credits_are_granted_at_the_first_look_and_every_row_can_be_read_in_pages(
    http: httpx.AsyncClient,
) -> None:
    answer = (await http.get("/v1/credits")).json()
    assert {name: answer[name] for name in ("available", "reserved", "monthly_credits")} == {
        "available": 50,
        "reserved": 0,
        "monthly_credits": 50,
    }
    assert answer["next_grant_at"].endswith("-01T00:00:00Z")
    assert answer["quota"] | {"stored_bytes": 0, "jobs": 0} == answer["quota"]
    for number in range(5):
        given = await http.post(
            "/v1/credits/adjustments",
            json={"amount": 10, "note": f"gift {number}"},
            headers={"Idempotency-Key": f"k{number}"},
        )
        assert (given.status_code, given.json()["balance"]) == (201, 60 + 10 * number)
    rows, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/v1/credits/ledger", params=params)).json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [row["number"] for row in rows] == [6, 5, 4, 3, 2, 1]
    assert [row["kind"] for row in rows] == ["admin_adjustment"] * 5 + ["monthly_grant"]
    assert sum(row["amount"] for row in rows) == (await http.get("/v1/credits")).json()["available"] == 100
    for cursor in ("x", "-1", "9" * 25, "²"):
        refused = await http.get("/v1/credits/ledger", params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")


async def test_an_adjustment_is_made_once_and_by_the_operator_alone(http: httpx.AsyncClient) -> None:
    async def adjust(amount: int, key: str, **headers: str) -> httpx.Response:
        body = {"tenant": "school", "amount": amount, "note": "invoice 17"}
        return await http.post("/v1/credits/adjustments", json=body, headers={"Idempotency-Key": key, **headers})

    assert (await http.post("/v1/tenants", json={"tenant": "school", "name": "A school"})).status_code == 201
    first, again = await adjust(500, "a"), await adjust(500, "a")
    assert first.json() == again.json()
    assert first.json()["balance"] == 550
    assert (await adjust(501, "a")).json()["code"] == "idempotency_key_reused"
    refused = await adjust(-551, "b")
    assert refused.status_code == 402
    told = refused.json()
    assert (told["code"], told["needed"], told["available"]) == ("insufficient_credits", 551, 550)
    assert (await adjust(0, "c")).status_code == 422
    word = {"amount": "5", "note": "a word for a number"}
    assert (await http.post("/v1/credits/adjustments", json=word, headers={"Idempotency-Key": "d"})).status_code == 422
    nobody = {"tenant": "A School", "amount": 5, "note": "lost"}
    assert (
        await http.post("/v1/credits/adjustments", json=nobody, headers={"Idempotency-Key": "d"})
    ).status_code == 422
    key = (await http.post("/v1/keys", json={"tenant": "school", "name": "head", "role": "admin"})).json()["key"]
    theirs = {"Authorization": f"Bearer {key}"}
    assert (await adjust(500, "d", **theirs)).status_code == 403, "an admin of one tenant gives no credits"
    assert (await http.get("/v1/credits", headers=theirs)).json()["available"] == 550
    assert (await http.get("/v1/credits")).json()["available"] == 50, "each tenant has its own"
    assert {row["note"] for row in (await http.get("/v1/credits/ledger")).json()["items"]} == {""}


async def test_nobody_asks_without_a_credential(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/v1/credits"), ("GET", "/v1/credits/ledger"), ("POST", "/v1/estimates")):
        answer = await http.request(method, path, headers={"Authorization": "Bearer wrong" + API_KEY})
        assert answer.status_code == 401, path
