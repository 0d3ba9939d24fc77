"""The true ingest process against the real broker and database."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse

import httpx
import pytest

from feuilleton.contracts.events import DeleteJob, JobAccepted, UploadSubmitted
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from feuilleton.http.auth import DEFAULT_TENANT
from ingest.ports import LEASE_SECONDS
from tests.builders import a_pdf
from tests.integration.ingest.asking import upload
from tests.kafka_reading import read_events
from tests.seeded_books import submit
from tests.stack import RunServices, Stack, auth

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def stack(run_services: RunServices) -> Iterator[Stack]:
    with run_services("ingest", UPLOAD_LIMIT_BYTES="300000", PAGES_LIMIT="20") as running:
        yield running


def objects(stack: Stack) -> list[str]:
    folder = stack.folder / "objects"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_upload_is_accepted_stored_and_announced(stack: Stack, kafka: str, kafka_topics: str) -> None:
    answer = upload(stack, a_pdf(3), sentence_length_limit="12", pages="2-3")
    assert answer.status_code == 202, answer.text
    job = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/jobs/{job}"
    assert answer.json()["pages"] == 3
    assert answer.json()["settings"]["sentence_length_limit"] == 12
    assert f"tenants/default/jobs/{job}/upload.pdf" in objects(stack)
    assert not [name for name in objects(stack) if name.startswith("incoming/")]
    accepted = read_events(kafka, kafka_topics, JOB_EVENTS, job=job)
    submitted = read_events(kafka, kafka_topics, UPLOADS, job=job)
    assert [type(event) for event in accepted] == [JobAccepted]
    assert [type(event) for event in submitted] == [UploadSubmitted]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"hello, I am no book", 415, "not_a_pdf"),
        (b"", 415, "not_a_pdf"),
        (b"%PDF-1.7\nnothing follows", 422, "damaged"),
        (a_pdf(password="secret"), 422, "encrypted"),
        (a_pdf(21), 422, "too_many_pages"),
        (b"%PDF-" + b"0" * 300_001, 413, "file_too_large"),
        (b"%PDF-" + b"0" * 900_000, 413, "file_too_large"),
    ],
)
def test_a_bad_file_is_refused_with_its_code_and_leaves_nothing(
    stack: Stack, body: bytes, status: int, code: str
) -> None:
    before = objects(stack)
    answer = upload(stack, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert objects(stack) == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sentence_length_limit": "2"}, "sentence_length_limit"),
        ({"min_sentence_length": "9"}, "settings"),
        ({"pages": "20-3"}, "pages"),
        ({"model": "cheapest"}, "model"),
        ({"sentence_limit": "8"}, "sentence_limit"),
    ],
)
def test_a_bad_setting_is_refused_by_name(stack: Stack, fields: dict[str, str], field: str) -> None:
    answer = upload(stack, a_pdf(), **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert [entry["field"] for entry in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("engine", ["openai", "gemini"])
def test_an_engine_that_is_not_set_up_is_refused(stack: Stack, engine: str) -> None:
    answer = upload(stack, a_pdf(), engine=engine)
    assert (answer.status_code, answer.json()["code"]) == (422, "engine_not_available")


def test_without_the_key_nobody_comes_in(stack: Stack) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dGVzdA=="}):
        answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, files={"file": a_pdf()})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_body_that_is_no_form_is_refused(stack: Stack) -> None:
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=auth(), content=a_pdf())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=auth(), files={"book": a_pdf()})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")


def test_the_same_key_and_body_is_the_same_job(stack: Stack, kafka: str, kafka_topics: str) -> None:
    body = a_pdf(2)
    first, second = upload(stack, body, key="k-same"), upload(stack, body, key="k-same")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    of_job = read_events(kafka, kafka_topics, UPLOADS, job=first.json()["id"])
    assert len(of_job) == 1


def test_the_same_key_with_another_body_or_setting_is_refused(stack: Stack) -> None:
    assert upload(stack, a_pdf(2), key="k-other").status_code == 202
    for answer in (
        upload(stack, a_pdf(3), key="k-other"),
        upload(stack, a_pdf(2), key="k-other", min_sentence_length="3"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_whose_job_was_deleted_says_so_and_makes_no_other_job(
    stack: Stack, kafka: str, kafka_topics: str
) -> None:
    job = upload(stack, a_pdf(2), key="k-deleted").json()["id"]
    submit([DeleteJob(job=JobId(job), tenant=DEFAULT_TENANT, attempt=1)], kafka=kafka, prefix=kafka_topics)
    deadline = time.monotonic() + 10
    while (answer := upload(stack, a_pdf(2), key="k-deleted")).status_code == 202:
        assert answer.json()["id"] == job
        assert time.monotonic() < deadline, "ingest never heard of the deletion"
    assert (answer.status_code, answer.json()["code"]) == (410, "job_deleted")


def test_a_refused_request_leaves_its_key_free(stack: Stack) -> None:
    assert upload(stack, b"no pdf", key="k-free").status_code == 415
    assert upload(stack, a_pdf(), key="k-free").status_code == 202


def test_of_two_requests_with_one_key_at_once_one_makes_the_job(stack: Stack) -> None:
    body = a_pdf(20)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: upload(stack, body, key="k-race"), range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {202, 409}
    assert statuses[0] == 202
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert all(answer.json()["code"] == "idempotency_key_in_use" for answer in answers if answer.status_code == 409)


def test_a_store_that_is_away_means_503_and_no_job(stack: Stack, kafka: str, kafka_topics: str) -> None:
    upload(stack, a_pdf())  # so that there is a folder to take away
    before = len(read_events(kafka, kafka_topics, JOB_EVENTS))
    folder, aside = stack.folder / "objects", stack.folder / "aside"
    folder.rename(aside)
    folder.touch()
    try:
        answer = upload(stack, a_pdf(), key="k-store")
        missing = httpx.get(f"{stack.ingest_url}/readyz").json()["missing"]
    finally:
        folder.unlink()
        aside.rename(folder)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert missing == ["object_store"]
    assert len(read_events(kafka, kafka_topics, JOB_EVENTS)) == before
    assert upload(stack, a_pdf(), key="k-store").status_code == 202


def test_a_client_that_goes_away_leaves_nothing(stack: Stack) -> None:
    before = objects(stack)

    def half_a_body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-' + b"0" * 50_000
        raise RuntimeError("gone")

    headers = auth() | {"Content-Type": "multipart/form-data; boundary=x", "Idempotency-Key": "k-gone"}
    with pytest.raises(RuntimeError):
        httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, content=half_a_body())
    for _ in range(50):
        answer = upload(stack, a_pdf(), key="k-gone")
        if answer.status_code == 202:
            break
    assert answer.status_code == 202
    assert len(objects(stack)) == len(before) + 1


@pytest.mark.slow
def test_a_slow_upload_keeps_its_key_for_longer_than_one_lease(stack: Stack) -> None:
    body = a_pdf()
    wait_seconds = (LEASE_SECONDS + 5) / 10

    def slowly() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="roman.pdf"\r\n\r\n'
        size = -(-len(body) // 10)
        for start in range(0, len(body), size):
            time.sleep(wait_seconds)
            yield body[start : start + size]
        another.append(upload(stack, body, key="k-slow"))
        yield b"\r\n--x--\r\n"

    another: list[httpx.Response] = []
    headers = auth() | {"Content-Type": "multipart/form-data; boundary=x", "Idempotency-Key": "k-slow"}
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, content=slowly(), timeout=30)
    assert [(each.status_code, each.json()["code"]) for each in another] == [(409, "idempotency_key_in_use")]
    assert answer.status_code == 202
    assert upload(stack, body, key="k-slow").json()["id"] == answer.json()["id"]


def test_a_file_name_is_shown_but_never_a_path(stack: Stack) -> None:
    files = {"file": ("../../etc/pass\x00wd.pdf", a_pdf(), "application/pdf")}
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=auth(), files=files)
    assert answer.status_code == 202
    assert "/" not in answer.json()["name"]
    assert answer.json()["name"].endswith("wd.pdf")


def test_a_body_that_is_declared_too_long_is_refused_before_it_is_sent(stack: Stack) -> None:
    """413 comes although the client has sent no byte of the body yet."""
    with socket.create_connection(("127.0.0.1", stack["ingest"].port), timeout=10) as connection:
        head = (
            "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {auth()['Authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 999999999\r\n\r\n"
        )
        connection.sendall(head.encode())
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert json.loads(answer.read())["code"] == "file_too_large"


def test_readiness_and_metrics_answer(stack: Stack) -> None:
    assert httpx.get(f"{stack.ingest_url}/livez").json() == {"status": "ok"}
    assert httpx.get(f"{stack.ingest_url}/readyz").status_code == 200
    assert "feuilleton_uploads_total" in httpx.get(f"{stack.ingest_url}/metrics").text


def test_a_service_without_a_key_does_not_start(stack: Stack) -> None:
    env = {**os.environ, **stack.env, "API_KEY": ""}
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "serve"], env=env, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert b"API_KEY" in done.stderr
