"""Scans with and without a text layer, made of the sample's own pages: what the splitter says of them."""

from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from eval.measures.fidelity import read_pdf
from extractor.page_reading.tesseract import find_tesseract
from feuilleton.contracts.job_settings import JobSettings
from splitter.lexicon import french_words, other_words
from splitter.pages import ReadLimits
from splitter.pdf_reading import open_pdf, read_pages
from splitter.text_layer import judge_pages
from tests.scanned_books import photographed, searchable_scan

pytestmark = pytest.mark.heavy
needs_tesseract = pytest.mark.skipif(
    find_tesseract() is None, reason="tesseract with its French data is not installed: it makes these scans"
)


def a_book(sample: Path, folder: Path, page_13: bytes) -> Path:
    """The pages 10 to 15 of the sample, the fourth of them replaced."""
    writer, body = PdfWriter(), BytesIO()
    writer.append(sample, pages=(9, 12))
    writer.append(BytesIO(page_13))
    writer.append(sample, pages=(13, 15))
    writer.write(body)
    path = folder / "book.pdf"
    path.write_bytes(body.getvalue())
    return path


@needs_tesseract
def test_a_scan_with_bad_text_is_doubtful_and_its_text_is_kept(sample_pdf: Path, tmp_path: Path) -> None:
    book = read_pdf(a_book(sample_pdf, tmp_path, searchable_scan(sample_pdf, 13)))
    assert (book.doubtful, book.bad_ocr, book.pictures) == ((4,), (4,), ())
    assert any(sentence.page == 4 for sentence in book.sentences)


@needs_tesseract
def test_a_scan_with_good_text_is_text(sample_pdf: Path, tmp_path: Path) -> None:
    book = read_pdf(a_book(sample_pdf, tmp_path, searchable_scan(sample_pdf, 13, language="fra", dots=200)))
    assert (book.doubtful, book.bad_ocr, book.pictures) == ((), (), ())
    assert any(sentence.page == 4 for sentence in book.sentences)


@needs_tesseract
def test_what_is_read_at_too_few_dots_is_no_text(sample_pdf: Path, tmp_path: Path) -> None:
    book = read_pdf(a_book(sample_pdf, tmp_path, searchable_scan(sample_pdf, 13, dots=62)))
    assert (book.doubtful, book.bad_ocr, book.pictures) == ((), (4,), (4,))


def test_a_scan_without_text_is_a_picture_and_no_bad_recognition(sample_pdf: Path, tmp_path: Path) -> None:
    book = read_pdf(a_book(sample_pdf, tmp_path, photographed(sample_pdf, 13)))
    assert (book.doubtful, book.bad_ocr, book.pictures) == ((), (), (4,))
    assert not any(sentence.page == 4 for sentence in book.sentences)


def test_no_page_of_the_corpus_is_taken_for_bad_recognition(shared_data: Path) -> None:
    """None of these is French badly read: most are in English, many hold a line or two."""
    judged = 0
    for path in sorted((shared_data / "pdfs").glob("*text__*.pdf")):
        opened = open_pdf(path, ReadLimits())
        pages = read_pages(path, tuple(range(1, opened.pages + 1)), ReadLimits())
        assert judge_pages(pages, french_words(), other_words).bad == (), path.name
        judged += len(pages)
    assert judged >= 150


def test_the_sample_with_its_matter_holds_its_notes_and_its_title_page(sample_pdf: Path) -> None:
    book = read_pdf(sample_pdf, JobSettings(include_matter=True))
    text = " ".join(sentence.text for sentence in book.sentences)
    assert "L’atelier Feuilleton" in text
    assert {one.kind.value for one in book.left_out} == {"contents"}
    assert len(book.sentences) > len(read_pdf(sample_pdf).sentences)
