"""What users do with jobs, through all services: wait for the end, run the book again, have it answered, lose it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.e2e.test_attempts import paid_calls, plan
from tests.stack import RunServices, Stack, auth

pytestmark = pytest.mark.servers
WAIT = {"Prefer": "wait=60"}


@dataclass(frozen=True)
class Reader:
    """One user of one system."""

    stack: Stack
    http: httpx.Client
    book: bytes

    def upload(self, **fields: str) -> httpx.Response:
        files = {"file": ("roman.pdf", self.book, "application/pdf")}
        return self.http.post(f"{self.stack.ingest_url}/v1/uploads", files=files, data=fields, headers=WAIT)

    def copy(self, job: str, **changes: object) -> httpx.Response:
        return self.http.post(f"{self.stack.ingest_url}/v1/uploads/{job}/copies", json=changes, headers=WAIT)

    def job(self, job: str, **headers: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.stack.status_url}/v1/jobs/{job}", headers=headers).json()
        return found

    def listed(self, **asked: str) -> list[str]:
        page = self.http.get(f"{self.stack.status_url}/v1/jobs", params=asked).json()
        return [job["id"] for job in page["items"]]

    def cards(self, job: str) -> list[dict[str, Any]]:
        url = f"{self.stack.status_url}/v1/jobs/{job}/cards"
        found: list[dict[str, Any]] = self.http.get(url, params={"limit": 500}).json()["items"]
        return found

    def objects(self, job: str) -> list[Path]:
        folder = self.stack.folder / "objects" / "tenants" / "default" / "jobs" / job
        return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def reader(run_services: RunServices, gemini: str, sample_pdf: Path) -> Iterator[Reader]:
    plan(gemini)
    more = {"ENGINES": "gemini", "GEMINI_API_KEY": "fake", "GEMINI_BASE_URL": gemini, "LOCAL_WORKERS": "1"}
    wide = {"REUSE_COMPLETED": "true", "RETENTION_SWEEP_SECONDS": "1", "MONTHLY_CREDITS": "100000"}
    with run_services(**more, **wide) as stack, httpx.Client(headers=auth(), timeout=90) as http:
        yield Reader(stack, http, sample_pdf.read_bytes())


async def test_a_book_is_waited_for_answered_again_at_no_cost_run_with_other_settings_and_removed_when_its_time_is_over(
    reader: Reader, gemini: str, database_url: str
) -> None:
    first = reader.upload()
    assert (first.status_code, first.json()["status"]) == (200, "completed"), first.text
    job, cost = first.json()["id"], paid_calls(gemini)
    assert cost > 0

    again = reader.upload()
    assert (again.status_code, again.json()["id"], again.json()["reused"]) == (200, job, True)
    assert paid_calls(gemini) == 0

    copied = reader.copy(job, sentence_length_limit=5)
    assert (copied.status_code, copied.json()["status"]) == (200, "completed"), copied.text
    short = copied.json()["id"]
    assert short != job
    assert paid_calls(gemini) > 0
    assert reader.job(short, **WAIT)["settings"]["sentence_length_limit"] == 5
    assert reader.cards(short)
    assert reader.cards(short) != reader.cards(job)

    url = f"{reader.stack.status_url}/v1/jobs/{short}"
    assert reader.http.patch(url, json={"name": "Cinq mots"}).json()["name"] == "Cinq mots"
    assert reader.listed(name="cinq", status="completed") == [short]
    assert sorted(reader.listed(status="completed")) == sorted([job, short])

    assert reader.job(job)["expires_at"] is not None
    await _let_time_pass(database_url, job)
    for _ in range(120):
        if reader.job(job)["status"] == "deleted":
            break
        time.sleep(0.5)  # noqa: ASYNC251 (nothing else runs here)
    assert reader.job(job)["status"] == "deleted"
    assert reader.objects(job) == []
    assert reader.objects(short)
    assert reader.listed() == [short]
    anew = reader.upload()
    assert anew.json()["id"] not in {job, short}
    assert (anew.status_code, anew.json()["status"]) == (200, "completed")


async def _let_time_pass(database_url: str, job: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("UPDATE ingest.jobs SET expires_at = now() WHERE job = $1", job)
    finally:
        await connection.close()
