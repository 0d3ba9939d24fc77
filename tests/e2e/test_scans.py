"""A scanned book through all five services: without a model, with tesseract and without it."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from extractor.page_reading.tesseract import find_tesseract
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from tests.results import Result, read_result
from tests.scanned_books import searchable_scan
from tests.stack import API_KEY, RunServices, Stack

pytestmark = [
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.skipif(find_tesseract() is None, reason="tesseract with its French data is not installed"),
]


@pytest.fixture(scope="module", params=["auto", "off"])
def stack(request: pytest.FixtureRequest, run_services: RunServices) -> Iterator[Stack]:
    """All services with the local engine, OCR on or off."""
    with run_services(LOCAL_WORKERS="1", OCR=request.param) as running:
        yield running


def run(stack: Stack, book: Path) -> Result:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as client:
        job = client.wait(client.upload(book, JobOptions(engine="local")).id)
        return read_result(stack, client, job)


def test_the_scan_of_the_sample_is_read_where_that_is_possible(stack: Stack, sample_pdf: Path) -> None:
    result = run(stack, sample_pdf)
    result.check()
    if stack.env["OCR"] == "off":
        assert (result.job.status, result.job.code) == ("partial", "page_needs_ocr")
        assert [missing.pages for missing in result.report.missing] == [(36,)]
        return
    assert result.job.status == "completed"
    read = [sentence for sentence in result.source if sentence.page == 36]
    assert read[0].text == "La comtesse revint au bord du fleuve un soir de mars."
    assert {sentence.chapter for sentence in read} == {5}
    assert any(card.page == 36 for card in result.cards)


def test_bad_recognition_is_read_anew_or_its_text_is_used_and_told(
    stack: Stack, sample_pdf: Path, tmp_path: Path
) -> None:
    writer, body = PdfWriter(), BytesIO()
    writer.append(sample_pdf, pages=(0, 12))
    writer.append(BytesIO(searchable_scan(sample_pdf, page=13)))
    writer.append(sample_pdf, pages=(13, 16))
    writer.write(body)
    book = tmp_path / "book.pdf"
    book.write_bytes(body.getvalue())
    result = run(stack, book)
    result.check()
    assert result.job.status == "completed"
    assert result.report.bad_ocr == (13,)
    assert result.report.bad_ocr_used == ((13,) if stack.env["OCR"] == "off" else ())
