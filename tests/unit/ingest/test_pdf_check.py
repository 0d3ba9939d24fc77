"""Inspection of real and broken files in its subprocess."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from feuilleton.processes.pool import IsolatedPool, Limits
from ingest.pdf_check import PdfChecker, PdfRefusedError, inspect_pdf, preload
from tests.builders import a_pdf

pytestmark = pytest.mark.heavy

FAULTS = {"not_a_pdf", "encrypted", "damaged", "no_pages", "too_complex", "too_many_pages"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def checker() -> AsyncIterator[PdfChecker]:
    pool = IsolatedPool(Limits(2, 1024**3), preload)
    await pool.start()
    yield PdfChecker(pool, pages_limit=50, timeout_seconds=20)
    await pool.stop()


@pytest.mark.asyncio(loop_scope="module")
async def test_every_pdf_of_the_corpus_is_accepted_or_refused_with_a_code(
    checker: PdfChecker, shared_data: Path
) -> None:
    manifest = json.loads((shared_data / "pdfs" / "MANIFEST.json").read_text())
    answers: dict[str, str] = {}
    for path in sorted((shared_data / "pdfs").glob("*.pdf")):
        try:
            answers[path.name] = f"{await checker.check(path)} pages"
        except PdfRefusedError as exc:
            answers[path.name] = exc.code
    assert len(answers) >= 70
    assert manifest
    assert all(answer in FAULTS or answer.endswith(" pages") for answer in answers.values())
    kinds = {name: name.split("__")[0] for name in answers}
    assert [n for n in answers if kinds[n] == "text" and answers[n] in FAULTS] == []
    assert [n for n in answers if kinds[n] == "password" and answers[n] == "damaged"] == []


@pytest.mark.asyncio(loop_scope="module")
async def test_limits_are_exact(checker: PdfChecker, tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(50))
    assert await checker.check(path) == 50
    path.write_bytes(a_pdf(51))
    with pytest.raises(PdfRefusedError) as caught:
        await checker.check(path)
    assert caught.value.code == "too_many_pages"


async def test_a_file_that_takes_too_long_is_too_complex_and_the_next_one_is_served(tmp_path: Path) -> None:
    pool = IsolatedPool(Limits(1, 1024**3), preload)
    await pool.start()
    endless = tmp_path / "endless.pdf"
    os.mkfifo(endless)  # nobody writes: no machine is fast enough to read it in time
    with pytest.raises(PdfRefusedError) as caught:
        await PdfChecker(pool, pages_limit=1000, timeout_seconds=0.2).check(endless)
    assert caught.value.code == "too_complex"
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(400))
    assert await PdfChecker(pool, pages_limit=1000, timeout_seconds=20).check(path) == 400
    await pool.stop()


def test_a_book_that_opens_without_a_password_is_no_locked_book(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(2, password=""))
    assert inspect_pdf(str(path)).fault is None
