"""`feuilleton estimate` and `feuilleton credits` against a scripted server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feuilleton_client.cli.app import app
from tests.unit.client.conftest import JOB, KEY
from tests.unit.client.scripted_server import Answer, Script, refusal

Cli = Callable[..., tuple[int, str, str]]
ESTIMATE = {
    "pages": 320,
    "words": 90_000,
    "scans": 2,
    "tokens": 570_000,
    "credits": 1_140,
    "available": 50,
    "engine": "gemini",
    "model": "gemini-3.5-flash-lite",
    "warning": "1090 credits are missing: an upload would be refused.",
}
STANDING = {
    "available": 38,
    "reserved": 12,
    "monthly_credits": 50,
    "next_grant_at": "2026-12-01T00:00:00Z",
    "quota": {"stored_bytes": 5_242_880, "stored_bytes_limit": 10_737_418_240, "jobs": 1, "jobs_limit": 100},
}


@pytest.fixture
def cli(address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", address)
    monkeypatch.setenv("FEUILLETON_API_KEY", KEY)
    for name in ("FEUILLETON_STATUS_URL", "FEUILLETON_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return call


def a_row(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "kind": "job_final",
        "amount": -7,
        "balance": 43,
        "job_id": JOB,
        "attempt": 1,
        "note": "",
        "at": "2026-11-22T12:00:00Z",
    }


def test_an_estimate_sends_the_book_with_its_options_and_tells_what_it_would_cost(
    cli: Cli, script: Script, book: Path
) -> None:
    script.on("POST /v1/estimates", Answer(200, ESTIMATE))
    code, out, _ = cli("estimate", book, "--model", "quality", "--pages", "3-20")
    assert code == 0
    assert out.splitlines() == [
        "pages: 320, 90000 words, 2 scans",
        "model: gemini-3.5-flash-lite, about 570000 tokens",
        "credits: 1140 at most, 50 available",
        "warning: 1090 credits are missing: an upload would be refused.",
    ]
    body = script.requests("POST /v1/estimates")[0].body
    assert b'name="model"\r\n\r\nquality\r\n' in body
    assert book.read_bytes() in body
    code, out, _ = cli("estimate", book, "--json")
    assert (code, json.loads(out)) == (0, ESTIMATE)


def test_a_book_that_is_refused_or_not_there_costs_no_estimate(cli: Cli, script: Script, book: Path) -> None:
    script.on("POST /v1/estimates", refusal(422, "encrypted", detail="The PDF is protected by a password."))
    code, out, err = cli("estimate", book)
    assert (code, out) == (6, "")
    assert "encrypted" in err
    assert cli("estimate", book.with_name("none.pdf"))[0] == 2


def test_an_upload_without_credits_is_told_as_refused(cli: Cli, script: Script, book: Path) -> None:
    detail = "This needs 1140 credits; 50 are available."
    script.on("POST /v1/uploads", refusal(402, "insufficient_credits", detail=detail))
    code, _, err = cli("upload", book)
    assert code == 6
    assert f"insufficient_credits: {detail}" in err


def test_credits_are_told_with_the_rows_behind_them_where_asked(cli: Cli, script: Script) -> None:
    script.on("GET /v1/credits", Answer(200, STANDING))
    first = {"items": [a_row(3), a_row(2)], "next_cursor": "2"}
    script.on("GET /v1/credits/ledger", Answer(200, first), Answer(200, {"items": [a_row(1)], "next_cursor": None}))
    code, out, _ = cli("credits")
    assert code == 0
    assert out.splitlines() == [
        "available: 38 credits, 12 reserved by jobs that run",
        "grant: 50 a month, the next on 2026-12-01",
        "stored: 5.0 MB of 10240.0 MB",
        "jobs in flight: 1 of 100",
    ]
    assert script.requests("GET /v1/credits/ledger") == []
    rows = cli("credits", "--rows", "3")[1].splitlines()[4:]
    assert [row.split("\t")[0] for row in rows] == ["3", "2", "1"]
    assert rows[0].split("\t")[2:6] == ["job_final", "-7", "43", f"{JOB} (1)"]
    assert script.requests("GET /v1/credits/ledger")[1].query["cursor"] == "2"
    assert json.loads(cli("credits", "--json")[1])["available"] == 38
