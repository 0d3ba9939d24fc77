"""Hostile books handed in beside a good one: each is refused or its job ends with a code, and the good one is done."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ProblemError
from feuilleton_client.uploads import JobOptions
from tests import hostile_pdfs as hostile
from tests.hostile_pdfs import MIB
from tests.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PLAIN = hostile.stream(hostile.TEXT)
BOOKS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a tree in a ring": (hostile.ring_tree, {"refused:damaged"}),
    "objects in a bomb": (lambda: hostile.object_stream_bomb(1024 * MIB), {"refused:damaged"}),
    "10,000 pages": (lambda: hostile.many_pages(10_000), {"refused:too_many_pages"}),
    "a bomb": (lambda: hostile.one_page(hostile.flate(hostile.bomb(1024 * MIB))), {"failed:page_needs_ocr"}),
    "a bomb among pages": (
        lambda: hostile.pages_of([PLAIN, hostile.flate(hostile.bomb(8192 * MIB, 2), 2), PLAIN]),
        {"partial:page_needs_ocr"},
    ),
    "a form in itself": (hostile.form_ring, {"failed:page_needs_ocr"}),
    "short sentences": (lambda: hostile.short_sentences(60, 10_000), {"failed:too_big"}),
    "scripts and files": (hostile.active, {"completed:"}),
}


@pytest.mark.timeout(600)
def test_each_ends_with_its_code_and_the_good_one_is_done(
    client: FeuilletonClient, system: Stack, sample_pdf: Path, tmp_path: Path
) -> None:
    fates: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for name, (build, _) in BOOKS.items():
        path = tmp_path / f"{len(jobs)}-{len(fates)}.pdf"
        path.write_bytes(build())
        try:
            jobs[name] = client.upload(path, JobOptions(engine="local")).id
        except ProblemError as exc:
            fates[name] = f"refused:{exc.code}"
    started = time.monotonic()
    good = client.wait(client.upload(sample_pdf, JobOptions(engine="gemini")).id)
    waited = time.monotonic() - started
    for name, job_id in jobs.items():
        job = client.wait(job_id)
        fates[name] = f"{job.status}:{job.code or ''}"
    assert good.status == "completed"
    assert waited < 240
    assert {name: fate for name, fate in fates.items() if fate not in BOOKS[name][1]} == {}
    texts = [card.text for card in client.cards(jobs["a bomb among pages"])]
    assert len(texts) >= 2, "the pages beside it have their cards"
    for service in system.services.values():
        assert service.process is not None
        assert service.process.poll() is None, f"{service.name} did not survive: {service.tail()}"
