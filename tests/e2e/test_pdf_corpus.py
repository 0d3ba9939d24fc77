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

CODE = re.compile(r"^[a-z][a-z0-9_]+$")

# What may become of a file, by its kind in the manifest: "refused:code", or "status:code" of its job.
ALLOWED = {
    "text": r"(completed|partial):.*|failed:page_needs_ocr",
    "long_text": r"(completed|partial):.*",
    "no_text": r"failed:(no_text|page_needs_ocr)|partial:page_needs_ocr|completed:",
    "password": r"(refused|failed):encrypted|completed:|partial:[a-z_]+",
    "broken": r"refused:(not_a_pdf|damaged|no_pages)|(failed|partial):[a-z_]+|completed:",
}
AS_NAMED_AT_MOST = {"password": 1, "broken": 1}  # files of a bad kind that readers open all the same
UNREADABLE_AT_MOST = 1  # a text layer of signs that make no words


def kind_of(name: str) -> str:
    return name.split("__", maxsplit=1)[0]


@pytest.mark.timeout(600)
def test_each_pdf_is_refused_or_its_job_ends(client: FeuilletonClient, system: Stack, shared_data: Path) -> None:
    folder = shared_data / "pdfs"
    files = sorted(folder.glob("*.pdf"))
    assert {path.name for path in files} >= set(_named_in(folder / "MANIFEST.json"))
    assert len(files) >= 78
    fates: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for path in files:
        try:
            jobs[path.name] = client.upload(path, JobOptions(engine="local")).id
        except ProblemError as exc:
            fates[path.name] = f"refused:{exc.code}"
    fates |= {name: _end(client, job_id) for name, job_id in jobs.items()}
    for name, fate in fates.items():
        assert re.fullmatch(ALLOWED[kind_of(name)], fate), (name, fate)
    for kind, most in AS_NAMED_AT_MOST.items():
        opened = [name for name, fate in fates.items() if kind_of(name) == kind and not fate.startswith("refused:")]
        assert len(opened) <= most, opened
    unreadable = [name for name, fate in fates.items() if kind_of(name) == "text" and fate.startswith("failed:")]
    assert len(unreadable) <= UNREADABLE_AT_MOST, unreadable
    for service in system.services.values():
        assert service.process is not None
        assert service.process.poll() is None, f"{service.name} did not survive: {service.tail()}"


def _named_in(manifest: Path) -> list[str]:
    return [entry["file"] for entry in json.loads(manifest.read_text())]


def _end(client: FeuilletonClient, job_id: str) -> str:
    job = client.wait(job_id)
    assert job.status == "completed" or CODE.match(job.code or ""), (job_id, job.status, job.code)
    return f"{job.status}:{job.code or ''}"
