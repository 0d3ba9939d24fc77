"""Uploads that a tenant has no credits or no room for: refused with figures, and nothing of them is kept."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from urllib.parse import urlsplit

import httpx
import pytest

from feuilleton.contracts.events import JobDeleted
from feuilleton.contracts.ids import JobId
from feuilleton.identity.principal import DEFAULT_TENANT
from tests.builders import a_pdf
from tests.integration.ingest.asking import upload
from tests.seeded_books import submit
from tests.stack import API_KEY, RunServices, Stack, auth
from tests.waiting import wait_until

pytestmark = pytest.mark.servers
BOOK = a_pdf()
PLACES = 10
CREDITS = 9


@pytest.fixture(scope="module")
def stack(run_services: RunServices) -> Iterator[Stack]:
    with run_services(
        "ingest",
        ENGINES="local,gemini",
        QUOTA_BYTES=str(PLACES * len(BOOK) + len(BOOK) // 2),
        MONTHLY_CREDITS=str(CREDITS),
        UPLOADS_AT_ONCE="30",
    ) as running:
        yield running


def stored(stack: Stack) -> int:
    return sum(path.stat().st_size for path in (stack.folder / "objects").rglob("upload.pdf"))


def quota(stack: Stack) -> dict[str, int]:
    answer = httpx.get(f"{stack.ingest_url}/v1/credits", headers=auth(), timeout=30).raise_for_status()
    return dict(answer.json()["quota"])


def test_a_book_that_costs_more_than_there_is_is_refused_with_figures(stack: Stack) -> None:
    taken = [upload(stack, BOOK, engine="gemini") for _ in range(2)]
    assert [(answer.status_code, answer.json()["reserve"]) for answer in taken] == [(202, 4), (202, 4)]
    refused = upload(stack, BOOK, key="later", engine="gemini")
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (402, "insufficient_credits")
    assert (problem["needed"], problem["available"]) == (4, CREDITS - 8)
    assert refused.headers["content-type"] == "application/problem+json"
    assert stored(stack) == 2 * len(BOOK), "nothing of it was kept"
    given = httpx.post(
        f"{stack.ingest_url}/v1/credits/adjustments",
        headers=auth() | {"Idempotency-Key": "gift"},
        json={"amount": 3, "note": "a gift"},
        timeout=30,
    )
    assert given.json()["balance"] == 4
    assert upload(stack, BOOK, key="later", engine="gemini").status_code == 202, "the same key, when it can be paid"
    free = upload(stack, BOOK, engine="local")
    assert (free.status_code, free.json()["reserve"]) == (202, 0)


def test_twenty_uploads_at_once_never_exceed_the_quota_by_a_byte_and_a_deletion_makes_room(
    stack: Stack, kafka: str, kafka_topics: str
) -> None:
    before = quota(stack)["stored_bytes"] // len(BOOK)
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: upload(stack, BOOK, engine="local"), range(20)))
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    refused = [answer.json() for answer in answers if answer.status_code != 202]
    assert len(taken) == PLACES - before
    assert {problem["code"] for problem in refused} == {"quota_bytes_exceeded"}
    assert {problem["status"] for problem in refused} == {413}
    assert {problem["limit"] for problem in refused} == {quota(stack)["stored_bytes_limit"]}
    assert all(problem["used"] + problem["needed"] > problem["limit"] for problem in refused)
    assert quota(stack)["stored_bytes"] == stored(stack) == PLACES * len(BOOK)
    submit([JobDeleted(job=JobId(taken[0]), tenant=DEFAULT_TENANT, bytes_freed=1)], kafka=kafka, prefix=kafka_topics)
    wait_until(lambda: quota(stack)["stored_bytes"] == (PLACES - 1) * len(BOOK), what="the bytes are free")
    assert upload(stack, BOOK, engine="local").status_code == 202


def test_what_cannot_fit_is_refused_before_the_body_is_sent(stack: Stack) -> None:
    address = urlsplit(stack.ingest_url)
    head = (
        f"POST /v1/uploads HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {API_KEY}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), int(address.port or 80)), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = HTTPResponse(connection)
        answer.begin()
        problem = json.loads(answer.read())
    assert (answer.status, problem["code"]) == (413, "quota_bytes_exceeded")


def test_jobs_in_flight_are_bounded(run_services: RunServices) -> None:
    with run_services("ingest", QUOTA_JOBS="3", UPLOADS_AT_ONCE="30") as running:
        held = quota(running)["jobs"]
        with ThreadPoolExecutor(20) as clients:
            answers = list(clients.map(lambda _: upload(running, BOOK), range(20)))
        refused = [answer for answer in answers if answer.status_code != 202]
        assert len(refused) == 20 - max(0, 3 - held)
        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(429, "quota_jobs_exceeded")}
        assert {(answer.json()["used"] >= 3, answer.json()["limit"]) for answer in refused} == {(True, 3)}
        assert {answer.headers["retry-after"] for answer in refused} == {"30"}
