"""Clients of the systems before this one, through all services: they find their routes, fields and states."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ingest.compat_routes import SMALL_PAGES
from tests.builders import a_pdf
from tests.e2e.test_attempts import plan
from tests.stack import Stack, auth
from tests.waiting import wait_until

pytestmark = pytest.mark.servers

Json = dict[str, Any]


def a_book(pages: int = 2) -> bytes:
    """One that was never sent before."""
    return a_pdf(pages, f"Il marche vers la ville. Elle compte {uuid4().int % 10**9} oiseaux dans le ciel.")


class OldClient:
    def __init__(self, system: Stack, http: httpx.Client) -> None:
        self.system = system
        self.http = http

    def send(self, path: str, book: bytes, part: str = "pdf_file", **fields: str) -> httpx.Response:
        files = {part: ("roman.pdf", book, "application/pdf")}
        fields = {"engine": "local"} | fields
        return self.http.post(f"{self.system.ingest_url}{path}", files=files, data=fields)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(f"{self.system.status_url}{path}")

    def post(self, path: str, body: Json | None = None) -> httpx.Response:
        return self.http.post(f"{self.system.status_url}{path}", json=body)

    def until_over(self, path: str) -> Json:
        deadline = time.monotonic() + 60
        while (found := self.get(path).raise_for_status().json())["status"] in ("pending", "processing"):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return dict(found)

    def cards(self, job: str) -> list[Json]:
        items = self.get(f"/v1/jobs/{job}/cards?limit=500").raise_for_status().json()["items"]
        return [{"normalized": card["text"], "original": card["source_text"]} for card in items]


@pytest.fixture(scope="module")
def old(system: Stack) -> Iterator[OldClient]:
    with httpx.Client(headers=auth(), timeout=60) as http:
        yield OldClient(system, http)


def test_a_small_book_is_answered_with_its_sentences(old: OldClient) -> None:
    answer = old.send("/api/v1/process-pdf", a_book(), job_id="17", gemini_model="speed", sentence_length_limit="9")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"] == "completed"
    assert told["sentences"] == old.cards(told["job_id"])
    assert told["sentences"][0] == {"normalized": "Il marche vers la ville.", "original": "Il marche vers la ville."}
    settings = old.get(f"/api/v1/jobs/{told['job_id']}").json()["processing_settings"]
    assert (settings["model"], settings["sentence_length_limit"]) == ("speed", 9)


def test_a_large_book_is_followed_to_its_results(old: OldClient) -> None:
    answer = old.send("/api/v1/process-pdf", a_book(SMALL_PAGES + 1))
    assert answer.status_code == 202, answer.text
    begun = answer.json()
    assert (begun["status"], begun["page_count"]) == ("pending", SMALL_PAGES + 1)
    job = begun["job_id"]
    progress = old.until_over(f"/api/v1/jobs/{job}/status")
    assert (progress["status"], progress["progress_percent"], progress["error_code"]) == ("completed", 100, None)
    assert progress["processed_chunks"] == progress["total_chunks"] >= 1
    results = old.get(f"/api/v1/jobs/{job}/results").raise_for_status().json()
    assert (results["job_id"], results["status"]) == (job, "completed")
    assert results["sentences"] == old.cards(job) != []
    whole = old.get(f"/api/v1/jobs/{job}").json()
    assert (whole["original_filename"], whole["page_count"], whole["outcome"]) == ("roman.pdf", 51, "completed")
    assert (whole["failed_chunks"], whole["is_cancelled"], whole["retry_count"]) == ([], False, 0)


def test_a_job_is_cancelled_once(old: OldClient, gemini: str) -> None:
    plan(gemini, latency_seconds=20)
    try:
        begun = old.send("/api/v1/process-pdf-async", a_book(), engine="gemini", sentence_length_limit="3").json()
        job = begun["job_id"]
        wait_until(lambda: old.get(f"/api/v1/jobs/{job}/status").json()["status"] == "processing", what="it runs")
        assert old.get(f"/api/v1/jobs/{job}/results").json()["code"] == "job_not_ended"
        assert old.post(f"/api/v1/jobs/{job}/cancel").status_code == 200
        assert old.until_over(f"/api/v1/jobs/{job}")["is_cancelled"] is True
        again = old.post(f"/api/v1/jobs/{job}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "job_already_ended")
    finally:
        plan(gemini)


def test_an_estimate_and_credits_are_those_of_the_new_routes(old: OldClient) -> None:
    book = a_book(3)
    told = old.send("/api/v1/estimate-pdf", book, engine="gemini", model_preference="quality").json()
    files = {"file": ("roman.pdf", book, "application/pdf")}
    data = {"engine": "gemini", "model": "quality"}
    same = old.http.post(f"{old.system.ingest_url}/v1/estimates", files=files, data=data).json()
    assert (told["page_count"], told["file_size"], told["model_preference"]) == (3, len(book), "quality")
    assert (told["estimated_tokens"], told["estimated_credits"]) == (same["tokens"], same["credits"])
    assert (told["model"], told["warning"]) == (same["model"], same["warning"])
    mine = old.http.get(f"{old.system.ingest_url}/api/v1/credits/me").json()
    standing = old.http.get(f"{old.system.ingest_url}/v1/credits").json()
    assert (mine["balance"], mine["next_reset"]) == (standing["available"], standing["next_grant_at"])
    assert mine["granted"] == standing["monthly_credits"]


def accepted(old: OldClient) -> float:
    """How many uploads were, as the metrics have it."""
    text = httpx.get(f"{old.system.ingest_url}/metrics", timeout=10).text
    lines = [line for line in text.splitlines() if line.startswith('feuilleton_uploads_total{outcome="accepted"}')]
    return float(lines[0].split()[1]) if lines else 0.0


def test_what_comes_on_the_old_routes_is_counted_as_any_upload_is(old: OldClient) -> None:
    before = accepted(old)
    assert old.send("/api/v1/process-pdf-async", a_book()).status_code == 202
    assert old.send("/api/documents/upload", a_book(), part="file").status_code == 202
    assert accepted(old) == before + 2


def test_a_document_is_uploaded_and_ready_at_its_end(old: OldClient) -> None:
    begun = old.send("/api/documents/upload", a_book(), part="file")
    assert begun.status_code == 202, begun.text
    document = begun.json()["document_id"]
    assert (begun.json()["status"], begun.json()["task_state"], begun.json()["ready"]) == ("pending", "PENDING", False)
    status = old.until_over(f"/api/documents/{document}/status")
    expected = {"status": "completed", "progress": 100, "task_state": "SUCCESS", "message": "Completed", "ready": True}
    assert status == {"document_id": document, "total_chunks": status["total_chunks"], **expected}
    assert old.get(f"/api/documents/{document}").json()["filename"] == "roman.pdf"


def test_a_book_without_text_is_told_as_what_it_is(old: OldClient, tmp_path: Path) -> None:
    answer = old.send("/api/v1/process-pdf", a_pdf(1, ""))
    assert answer.headers["content-type"] == "application/problem+json"
    job = answer.json()["job_id"]
    status = old.get(f"/api/documents/{job}/status").json()
    assert (status["status"], status["task_state"], status["ready"]) == ("failed", "FAILURE", False)
    (entry,) = [entry for entry in old.get("/api/v1/history").json() if entry["job_id"] == job]
    assert entry["error_code"] == answer.json()["code"] == old.get(f"/v1/jobs/{job}").json()["code"]


def test_history_lists_what_ended_and_health_is_open(old: OldClient) -> None:
    job = old.send("/api/v1/process-pdf", a_book()).json()["job_id"]
    entries = {entry["id"]: entry for entry in old.get("/api/v1/history").json()}
    assert entries[job] == old.get(f"/api/v1/history/{job}").json()
    assert entries[job]["processed_sentences_count"] == len(old.cards(job))
    health = httpx.get(f"{old.system.status_url}/api/v1/health", timeout=10)
    assert (health.status_code, health.json()) == (200, {"status": "healthy", "database": "ok", "broker": "ok"})


@pytest.mark.parametrize(
    ("path", "part", "fields", "code"),
    [
        ("/api/v1/process-pdf", "file", {}, "invalid_settings"),
        ("/api/v1/process-pdf", "pdf_file", {"gemini_model": "best"}, "invalid_settings"),
        ("/api/documents/upload", "pdf_file", {}, "invalid_settings"),
        ("/api/v1/estimate-pdf", "pdf_file", {"colour": "red"}, "invalid_settings"),
    ],
)
def test_a_wrong_form_is_a_problem(old: OldClient, path: str, part: str, fields: dict[str, str], code: str) -> None:
    answer = old.send(path, a_book(), part, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
