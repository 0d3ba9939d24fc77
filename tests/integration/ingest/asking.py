"""What a client asks of ingest."""

import time
from collections.abc import Callable

import httpx

from tests.builders import a_pdf
from tests.stack import Stack, auth

SECONDS = 60.0


def upload(stack: Stack, body: bytes | None = None, *, key: str | None = None, **fields: str) -> httpx.Response:
    """Without a body, a book of one page, always the same."""
    files = {"file": ("roman.pdf", a_pdf() if body is None else body, "application/pdf")}
    url = f"{stack.ingest_url}/v1/uploads"
    return httpx.post(url, headers=_headers(key), files=files, data=fields, timeout=SECONDS)


def retry(stack: Stack, job: str, key: str | None = None, *, seconds: float = SECONDS) -> httpx.Response:
    return httpx.post(f"{stack.ingest_url}/v1/uploads/{job}/attempts", headers=_headers(key), timeout=seconds)


def until_202(
    ask: Callable[[], httpx.Response], *, meanwhile: tuple[int, ...] = (409, 503), seconds: float = SECONDS
) -> httpx.Response:
    """As a client does: the same key again while the answer is one of `meanwhile`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer.status_code == 202 or time.monotonic() > deadline:
            return answer
        assert answer.status_code in meanwhile, answer.text
        assert int(answer.headers["retry-after"]) >= 1
        time.sleep(0.3)


def _headers(key: str | None) -> dict[str, str]:
    return auth() | ({"Idempotency-Key": key} if key else {})
