"""The limit of uploads at true ingest processes: what counts, what an answer tells, and two replicas as one."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from uuid import uuid4

import httpx
import pytest

from tests.builders import a_pdf
from tests.stack import RunServices, Stack, auth

pytestmark = pytest.mark.servers

LIMIT = 3


@pytest.fixture(scope="module")
def stack(run_services: RunServices) -> Iterator[Stack]:
    with run_services("ingest", UPLOADS_PER_HOUR=str(LIMIT), UPLOAD_LIMIT_BYTES="300000") as running:
        another = running.add("ingest", replica=1)
        another.start()
        another.wait_ready()
        yield running


class Tenant:
    """A tenant of a test's own, with a key."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"t-{uuid4().hex[:12]}"
        self._stack = stack
        tenants, keys = f"{stack.ingest_url}/v1/tenants", f"{stack.ingest_url}/v1/keys"
        httpx.post(tenants, headers=auth(), json={"tenant": self.name, "name": "T"}).raise_for_status()
        made = httpx.post(keys, headers=auth(), json={"tenant": self.name, "name": "K"}).raise_for_status()
        self.headers = {"Authorization": f"Bearer {made.json()['key']}"}

    def upload(self, body: bytes | None = None, *, key: str | None = None, service: str = "ingest") -> httpx.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        files = {"file": ("roman.pdf", a_pdf() if body is None else body, "application/pdf")}
        return httpx.post(f"{self._stack[service].url}/v1/uploads", headers=headers, files=files, timeout=60)

    def left(self) -> int:
        """What is left after one more."""
        return int(self.upload(b"no pdf").headers["ratelimit-remaining"])


@pytest.fixture
def tenant(stack: Stack) -> Tenant:
    return Tenant(stack)


def test_each_answer_tells_the_rate_and_the_next_upload_of_the_hour_is_refused(stack: Stack, tenant: Tenant) -> None:
    for left in range(LIMIT - 1, -1, -1):
        answer = tenant.upload()
        assert answer.status_code == 202, answer.text
        assert answer.headers["ratelimit-policy"] == f'"uploads";q={LIMIT};w=3600'
        assert answer.headers["ratelimit"].startswith(f'"uploads";r={left};t=')
        told = (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"])
        assert told == (str(LIMIT), str(left))
        assert 3500 < int(answer.headers["ratelimit-reset"]) <= 3600
    refused = tenant.upload()
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["content-type"] == "application/problem+json"


def test_of_many_at_once_at_two_replicas_just_the_limit_comes_in(tenant: Tenant) -> None:
    def ask(number: int) -> int:
        return tenant.upload(service="ingest" if number % 2 else "ingest-1", key=f"k{number}").status_code

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(ask, range(12)))
    assert sorted(answers) == [202] * LIMIT + [429] * (12 - LIMIT)


def test_refused_bodies_count_and_say_so(tenant: Tenant) -> None:
    first = tenant.upload(b"no pdf")
    assert (first.status_code, first.headers["ratelimit-remaining"]) == (415, str(LIMIT - 1))
    second = tenant.upload(b"%PDF-" + b"0" * 900_000)
    assert (second.status_code, second.headers["ratelimit-remaining"]) == (413, str(LIMIT - 2))


def test_a_repetition_does_not_count_and_is_answered_when_the_hour_is_used_up(tenant: Tenant) -> None:
    body = a_pdf(2)
    first = tenant.upload(body, key="k")
    for _ in range(2 * LIMIT):
        again = tenant.upload(body, key="k")
        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert tenant.left() == LIMIT - 2
    assert tenant.left() == LIMIT - 3
    assert tenant.upload().status_code == 429
    assert tenant.upload(body, key="k").json()["id"] == first.json()["id"]


def test_a_refused_key_is_free_for_the_next_hour(stack: Stack, tenant: Tenant) -> None:
    for _ in range(LIMIT):
        tenant.upload(b"no pdf")
    assert tenant.upload(key="later").status_code == 429
    change = {"uploads_per_hour": LIMIT + 1}
    address = f"{stack.ingest_url}/v1/tenants/{tenant.name}"
    httpx.patch(address, headers=auth(), json=change).raise_for_status()
    assert tenant.upload(key="later").status_code == 202


def test_the_refusal_comes_before_the_body_is_sent(stack: Stack, tenant: Tenant) -> None:
    for _ in range(LIMIT):
        tenant.upload(b"no pdf")
    with socket.create_connection(("127.0.0.1", stack["ingest"].port), timeout=10) as connection:
        head = (
            "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {tenant.headers['Authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
        )
        connection.sendall(head.encode())
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 429


def test_a_fault_of_ours_is_not_the_tenants(stack: Stack, tenant: Tenant) -> None:
    tenant.upload()  # so that there is a folder to take away
    folder, aside = stack.folder / "objects", stack.folder / "aside"
    folder.rename(aside)
    folder.touch()
    try:
        for _ in range(2 * LIMIT):
            assert tenant.upload(key="k").status_code == 503
    finally:
        folder.unlink()
        aside.rename(folder)
    assert tenant.upload(key="k").headers["ratelimit-remaining"] == str(LIMIT - 2)


def test_a_tenants_job_stands_in_its_own_folder(stack: Stack, tenant: Tenant) -> None:
    job = tenant.upload().json()["id"]
    assert (stack.folder / "objects" / "tenants" / tenant.name / "jobs" / job / "upload.pdf").is_file()
    assert not (stack.folder / "objects" / "tenants" / "default" / "jobs" / job).exists()


def test_a_revoked_key_stops_within_ten_seconds_at_each_replica(stack: Stack, tenant: Tenant) -> None:
    addresses = [f"{stack[name].url}/v1/keys" for name in ("ingest", "ingest-1")]
    (key,) = httpx.get(addresses[0], headers=tenant.headers).json()["items"]
    assert [httpx.get(url, headers=tenant.headers).status_code for url in addresses] == [200, 200]
    httpx.delete(f"{addresses[0]}/{key['id']}", headers=auth()).raise_for_status()
    revoked_at = time.monotonic()
    while {httpx.get(url, headers=tenant.headers).status_code for url in addresses} != {401}:
        assert time.monotonic() - revoked_at < 10
        time.sleep(0.2)
