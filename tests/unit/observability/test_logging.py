import json
import subprocess
import sys

import pytest

SCRIPT = """
import structlog
from feuilleton.observability.logging import configure_logging

def fail(book_text, api_key):
    raise OSError("the disk is full")

configure_logging("ingest", fmt="{fmt}")
try:
    fail("Elle marche vers la ville.", "cle-tres-secrete")
except OSError as exc:
    structlog.get_logger("ours").error("request_failed", exc_info=exc)
    __import__("logging").getLogger("theirs").exception("failed")
"""


def logged(fmt: str) -> str:
    command = [sys.executable, "-c", SCRIPT.format(fmt=fmt)]
    return subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8").stderr


@pytest.mark.heavy
@pytest.mark.parametrize("fmt", ["json", "console"])
def test_a_trace_in_the_log_tells_places_and_no_values(fmt: str) -> None:
    """The values of a frame are the user's file name, the book's text, the key of the API."""
    text = logged(fmt)
    assert "the disk is full" in text
    assert "in fail" in text or '"fail"' in text
    script = 'fail("Elle marche'  # the line of code itself is ours to show
    assert "cle-tres-secrete" not in "\n".join(line for line in text.splitlines() if script not in line)


@pytest.mark.heavy
def test_a_line_is_one_object_with_its_service_and_level() -> None:
    first, second = (json.loads(line) for line in logged("json").splitlines())
    assert (first["event"], first["service"], first["level"]) == ("request_failed", "ingest", "error")
    assert [frame["name"] for frame in first["exception"][0]["frames"]] == ["<module>", "fail"]
    assert second["event"] == "failed"


ASKS = """
import asyncio
import httpx
import httpx2
from feuilleton.observability.logging import configure_logging

configure_logging("status-api", level="{level}")

async def ask(library):
    def answer(request):
        return library.Response(200)

    async with library.AsyncClient(transport=library.MockTransport(answer)) as client:
        await client.post("https://hooks.example/their-secret-key")

asyncio.run(ask(httpx))
asyncio.run(ask(httpx2))
"""


@pytest.mark.heavy
@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_client_of_http_logs_the_urls_that_it_asks(level: str) -> None:
    command = [sys.executable, "-c", ASKS.format(level=level)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8").stderr
    assert "their-secret-key" not in said
