"""How much of a book a model would read."""

import io
import os
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from feuilleton.contracts.job_settings import PageRange
from feuilleton.processes.pool import IsolatedPool, Limits
from ingest.credits import BookSize
from ingest.pdf_check import PdfRefusedError
from ingest.pdf_size import PdfMeasure, measure_pdf, preload, reads_like_words
from ingest.upload_body import path_of, temporary_copy
from tests.builders import a_pdf
from tests.scanned_books import photographed

pytestmark = pytest.mark.heavy


def test_words_are_counted_on_the_pages_asked_for_alone(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(5, "Il marche vers la ville."))
    assert measure_pdf(str(path), range(1, 6)) == BookSize(25)
    assert measure_pdf(str(path), range(2, 4)) == BookSize(10)


def test_words_beyond_the_edge_of_a_page_count_since_the_splitter_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(1, "Il marche vers la ville. " * 40))
    assert measure_pdf(str(path), range(1, 2)) == BookSize(200)


def test_an_image_without_text_is_a_scan_and_an_empty_page_is_nothing(tmp_path: Path) -> None:
    printed, path = tmp_path / "printed.pdf", tmp_path / "book.pdf"
    printed.write_bytes(a_pdf(1, "Elle part."))
    book = PdfWriter()
    book.append(io.BytesIO(photographed(printed, 1)))
    book.add_blank_page(300, 400)
    book.append(printed)
    book.write(path)
    assert measure_pdf(str(path), range(1, 4)) == BookSize(2, scans=1)


def test_text_drawn_as_paths_is_a_scan_and_a_few_ornaments_are_none(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    for strokes, scans in ((5, 0), (150, 1)):
        book = PdfWriter()
        page = book.add_blank_page(300, 400)
        drawing = DecodedStreamObject()
        drawing.set_data(b"0 0 m 10 10 l S\n" * strokes)
        page[NameObject("/Contents")] = book._add_object(drawing)
        book.write(path)
        assert measure_pdf(str(path), range(1, 2)) == BookSize(0, scans=scans)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Il marche vers la ville, et la nuit tombe sur les toits.", True),
        ("12", True),
        ("", True),
        ("!\"#$%&'()*+,-./0123456789:;<=>?@[]^_`{|}~!\"#$%&'", False),
        ("qzxwvkjqzxwvkjqzxwvkjqzxwvkjqzxwvkjqzxwvkjqzxwvkjqzxwvkj", False),
    ],
)
def test_what_a_broken_font_gives_is_no_text(text: str, *, good: bool) -> None:
    assert reads_like_words(text) == good


def test_what_cannot_be_read_counts_as_images(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(b"%PDF-1.4 and no more")
    assert measure_pdf(str(path), range(1, 4)) == BookSize(0, scans=3)
    path.write_bytes(a_pdf(1))
    assert measure_pdf(str(path), range(1, 3)) == BookSize(5, scans=1), "there is no second page"


async def test_a_file_without_a_name_is_measured_in_another_process() -> None:
    pool = IsolatedPool(Limits(1, 1024**3), preload)
    await pool.start()
    with temporary_copy() as copy:
        copy.write(a_pdf(3))
        assert await PdfMeasure(pool, 20.0).size(path_of(copy), 3, PageRange(first=2)) == BookSize(10)
    await pool.stop()


async def test_a_file_that_takes_too_long_is_too_complex(tmp_path: Path) -> None:
    pool = IsolatedPool(Limits(1, 1024**3), preload)
    await pool.start()
    endless = tmp_path / "endless.pdf"
    os.mkfifo(endless)  # nobody writes
    with pytest.raises(PdfRefusedError) as told:
        await PdfMeasure(pool, 0.2).size(endless, 3, None)
    assert told.value.code == "too_complex"
    await pool.stop()
