"""Scans that bear the text of bad recognition, as archives give them out: made with tesseract from a coarse image."""

import subprocess
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
from pypdf import PdfReader, PdfWriter

COARSE = 80  # dots an inch: with the wrong language too, a third of the words come out wrong
FINE = 300


def searchable_scan(book: Path, page: int, *, language: str = "eng", dots: int = COARSE) -> bytes:
    """The page (1-based) as a PDF: its sharp image, over which lies what tesseract reads of the coarse one."""
    writer, body = PdfWriter(), BytesIO()
    writer.append(BytesIO(photographed(book, page)))
    (scan,) = writer.pages
    scan.merge_page(PdfReader(BytesIO(_text_alone(book, page, language, dots))).pages[0])
    writer.write(body)
    return body.getvalue()


def photographed(book: Path, page: int) -> bytes:
    """The page as a PDF of one image and no text."""
    bitmap = _drawn(book, page, FINE)
    document = pdfium.PdfDocument.new()
    width, height = bitmap.width / FINE * 72, bitmap.height / FINE * 72
    sheet = document.new_page(width, height)
    image = pdfium.PdfImage.new(document)
    image.set_bitmap(bitmap)
    image.set_matrix(pdfium.PdfMatrix().scale(width, height))
    sheet.insert_obj(image)
    sheet.gen_content()
    body = BytesIO()
    document.save(body)
    return body.getvalue()


def _drawn(book: Path, page: int, dots: int) -> pdfium.PdfBitmap:
    return pdfium.PdfDocument(book)[page - 1].render(scale=dots / 72, grayscale=True)


def _text_alone(book: Path, page: int, language: str, dots: int) -> bytes:
    bitmap = _drawn(book, page, dots)
    rows = memoryview(bitmap.buffer)
    pixels = b"".join(bytes(rows[row * bitmap.stride :][: bitmap.width]) for row in range(bitmap.height))
    done = subprocess.run(
        [  # noqa: S607 - what the search path names
            "tesseract",
            "stdin",
            "stdout",
            "--dpi",
            str(dots),
            "-l",
            language,
            "-c",
            "textonly_pdf=1",
            "pdf",
        ],
        input=b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + pixels,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout
