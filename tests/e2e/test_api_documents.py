"""The OpenAPI documents: those that are committed are served, and what is served keeps to them."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.stack import API_KEY, RunServices, Stack

pytestmark = pytest.mark.servers

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
_CANNOT_HOLD = "positive_data_acceptance"
SERVICES = ("ingest", "status-api")


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_the_one_that_is_served(system: Stack, service: str) -> None:
    """`make docs` writes it anew."""
    served = httpx.get(f"{system[service].url}/openapi.json", timeout=30).json()
    assert json.loads((DOCUMENTS / f"{service}.json").read_text("utf-8")) == served


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_to_generated_requests_keeps_to_the_document(
    run_services: RunServices, tmp_path: Path, service: str
) -> None:
    """Data that keeps to a schema may be refused all the same: no schema tells a PDF from other bytes."""
    with run_services(UPLOADS_PER_HOUR="1000000", MONTHLY_CREDITS="1000000", HTTP_HOST="127.0.0.1") as stack:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{stack[service].url}/openapi.json"]
        options = ["--header", f"Authorization: Bearer {API_KEY}", "--exclude-checks", _CANNOT_HOLD, "--seed", "1"]
        bounds = ["--max-examples", "25", "--request-timeout", "30", "--no-color", "--continue-on-failure"]
        whole = [*command, *options, *bounds]
        done = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
