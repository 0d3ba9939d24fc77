"""How much a model would have to read of a PDF. `measure_pdf` runs in a killable subprocess, as the inspection does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.job_settings import PageRange
from feuilleton.contracts.text import count_words
from feuilleton.processes.pool import IsolatedPool
from ingest.credits import BookSize
from ingest.pdf_check import preload as preload_check
from ingest.pdf_check import too_complex

_PAGE_CHARS = 100_000  # the splitter takes a page with more for one without text


def preload() -> None:
    """Import what an inspection and a measurement need ahead of the first one."""
    preload_check()
    import pypdfium2  # noqa: PLC0415, F401  (in the subprocess, not in the service)


def measure_pdf(path: str, numbers: range) -> BookSize:
    """The words of the text layer on these 1-based pages, and how many of them are images without one.

    A page that cannot be read counts as an image: a model would be shown it. Never raises but MemoryError.
    """
    import pypdfium2 as pdfium  # noqa: PLC0415  (in the subprocess, not in the service)

    # By an open file: pypdfium2 would resolve the path, and the service's copy has no name.
    with Path(path).open("rb") as file:
        try:
            document = pdfium.PdfDocument(file)
        except pdfium.PdfiumError:
            return BookSize(0, scans=len(numbers))
        with document:
            return _measure(document, numbers)


def _measure(document: Any, numbers: range) -> BookSize:
    import pypdfium2 as pdfium  # noqa: PLC0415  (in the subprocess, not in the service)

    words = scans = 0
    for number in numbers:
        try:
            found, image = _measure_page(document[number - 1])
        except (pdfium.PdfiumError, IndexError, ValueError):
            found, image = 0, True
        words += found
        scans += image and not found
    return BookSize(words, scans)


def _measure_page(page: Any) -> tuple[int, bool]:
    import pypdfium2.raw as pdfium_c  # noqa: PLC0415  (in the subprocess, not in the service)

    text = page.get_textpage()
    if text.count_chars() > _PAGE_CHARS:
        return 0, True
    words = count_words(text.get_text_bounded())
    images = () if words else page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=3)
    return words, any(True for _ in images)


@dataclass(frozen=True)
class PdfMeasure:
    """Measures files in a pool of subprocesses."""

    pool: IsolatedPool
    timeout_seconds: float

    async def size(self, path: Path, pages: int, chosen: PageRange | None) -> BookSize:
        """Of the chosen pages of a book of so many. Raises PdfRefusedError (`too_complex`)."""
        numbers = (chosen or PageRange()).numbers(pages)
        try:
            return await self.pool.run(measure_pdf, str(path), numbers, timeout_seconds=self.timeout_seconds)
        except (TransientError, MemoryError) as exc:
            raise too_complex() from exc
