"""Pages without text, cut out as PDFs of one page each. Runs in a subprocess."""

from io import BytesIO
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

MAX_CUT_BYTES = 15_000_000  # a model takes 20 MB in a request, in base64
_PYPDF_FAULTS = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError)


def cut_pages(path: Path, numbers: tuple[int, ...], max_bytes: int) -> tuple[bytes | None, ...]:
    """Each page (1-based) as a PDF, None where it cannot be cut or would be larger than `max_bytes`: a page may
    drag half of its file along.
    """
    try:
        reader = PdfReader(path)
    except _PYPDF_FAULTS:
        return (None,) * len(numbers)
    return tuple(_cut(reader, number, max_bytes) for number in numbers)


def _cut(reader: PdfReader, number: int, max_bytes: int) -> bytes | None:
    body = BytesIO()
    try:
        writer = PdfWriter()
        writer.add_page(reader.pages[number - 1])
        writer.write(body)
    except _PYPDF_FAULTS:  # pypdf raises what it meets on the way
        return None
    return body.getvalue() if body.tell() <= max_bytes else None
