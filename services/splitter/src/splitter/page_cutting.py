"""Pages without text, cut out as PDFs of one page each. Runs in a subprocess."""

from io import BytesIO
from pathlib import Path

from pypdf import PdfReader, PdfWriter

MAX_CUT_BYTES = 15_000_000  # a model takes 20 MB in a request, in base64


def cut_pages(path: Path, numbers: tuple[int, ...], max_bytes: int) -> tuple[bytes | None, ...]:
    """Each page (1-based) as a PDF, None where it cannot be cut or would be larger than `max_bytes`: a page may
    drag half of its file along. Raises MemoryError alone.
    """
    try:
        reader = PdfReader(path)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (pypdf raises anything on a broken file; the file is the cause)
        return (None,) * len(numbers)
    return tuple(_cut(reader, number, max_bytes) for number in numbers)


def _cut(reader: PdfReader, number: int, max_bytes: int) -> bytes | None:
    body = BytesIO()
    try:
        writer = PdfWriter()
        writer.add_page(reader.pages[number - 1])
        writer.write(body)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (likewise)
        return None
    return body.getvalue() if body.tell() <= max_bytes else None
