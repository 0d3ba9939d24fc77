"""Every PDF of the corpus, most of them odd or broken: a clear 4xx, or a job that ends with a clear code."""

import json
import re
from pathlib import Path

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ProblemError
from feuilleton_client.uploads import JobOptions
from tests.stack import Stack

pytestmark = pytest.mark.servers

REFUSALS = {"not_a_pdf", "encrypted", "damaged", "no_pages", "too_many_pages", "too_complex"}
CODE = re.compile(r"^[a-z][a-z0-9_]+$")


def fate(client: FeuilletonClient, job_id: str) -> str:
    job = client.wait(job_id)
    return f"{job.status}:{job.code or ''}"


@pytest.mark.timeout(600)
def test_each_pdf_is_refused_or_its_job_ends(client: FeuilletonClient, system: Stack, shared_data: Path) -> None:
    folder = shared_data / "pdfs"
    files = sorted(folder.glob("*.pdf"))
    assert len(files) >= 78
    assert json.loads((folder / "MANIFEST.json").read_text())
    refused: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for path in files:
        try:
            jobs[path.name] = client.upload(path, JobOptions(engine="local")).id
        except ProblemError as exc:
            refused[path.name] = exc.code
    assert set(refused.values()) <= REFUSALS
    ends = {name: fate(client, job_id) for name, job_id in jobs.items()}
    for name, end in ends.items():
        status, code = end.split(":")
        assert status in {"completed", "partial", "failed"}, (name, end)
        assert status == "completed" or CODE.match(code), (name, end)
    locked = [name for name in (*refused, *ends) if name.startswith("password__")]
    assert all(refused.get(name) == "encrypted" or name in ends for name in locked)
    texts = [name for name in files if name.name.startswith("text__")]
    assert all(name.name in ends for name in texts)
    for service in system.services.values():
        assert service.process is not None
        assert service.process.poll() is None, f"{service.name} did not survive: {service.tail()}"
