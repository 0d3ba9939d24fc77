"""How much a model would have to read of a PDF. `measure_pdf` runs in a killable subprocess, as the inspection does."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from feuilleton.contracts.errors import TransientError
from feuilleton.contracts.job_settings import PageRange
from feuilleton.contracts.text import count_words
from feuilleton.processes.pool import IsolatedPool
from ingest.credits import BookSize
from ingest.pdf_check import preload as preload_check
from ingest.pdf_check import too_complex

# As the splitter judges pages, or a little more careful: what is shown to the model as an image must not seem free.
_PAGE_CHARS = 100_000  # with more, a page is taken for one without text
_FEW_WORDS = 100  # of a page under an image: its text may not be used
_PICTURE_SHARE = 0.3  # of the page under one image
_OUTLINE_DRAWINGS = 100  # text drawn as paths; fewer are rules and ornaments
_MOST_OBJECTS = 20_000
_FEW_SIGNS = 40
_LONGEST_MEAN_WORD = 15  # signs; French has 5


def preload() -> None:
    """Import what an inspection and a measurement need ahead of the first one."""
    preload_check()
    import pypdfium2  # noqa: PLC0415, F401  (in the subprocess, not in the service)


def measure_pdf(path: str, numbers: range) -> BookSize:
    """The words of the text layer on these 1-based pages, and how many of them a model would be shown as images: those
    without a good one, and those that cannot be read.
    Never raises but MemoryError.
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

    sizes = []
    for number in numbers:
        try:
            sizes.append(_measure_page(document[number - 1]))
        except (pdfium.PdfiumError, IndexError, ValueError):
            sizes.append(BookSize(0, scans=1))
    return BookSize(sum(size.words for size in sizes), sum(size.scans for size in sizes))


def _measure_page(page: Any) -> BookSize:
    text_page = page.get_textpage()
    if text_page.count_chars() > _PAGE_CHARS:
        return BookSize(0, scans=1)
    text = text_page.get_text_range()
    words = count_words(text)
    if not reads_like_words(text) or (words < _FEW_WORDS and _is_pictured(page)):
        return BookSize(0, scans=1)
    return BookSize(words)


def reads_like_words(text: str) -> bool:
    """False for what a font without a good map gives: such a page is shown to the model. A few signs tell nothing."""
    signs = sum(not char.isspace() for char in text)
    letters = sum(char.isalpha() for char in text)
    return signs < _FEW_SIGNS or (2 * letters >= signs and signs <= _LONGEST_MEAN_WORD * count_words(text))


def _is_pictured(page: Any) -> bool:
    """Whether it bears a large image, or so many paths that they may be its letters."""
    import pypdfium2.raw as pdfium_c  # noqa: PLC0415  (in the subprocess, not in the service)

    area, drawings = max(page.get_width() * page.get_height(), 1.0), 0
    kinds = (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING)
    for thing in islice(page.get_objects(filter=kinds, max_depth=3), _MOST_OBJECTS):
        if thing.type != pdfium_c.FPDF_PAGEOBJ_IMAGE:
            drawings += 1
            continue
        left, bottom, right, top = thing.get_bounds()
        if thing.level > 0 or abs(right - left) * abs(top - bottom) >= _PICTURE_SHARE * area:
            return True
    return drawings >= _OUTLINE_DRAWINGS


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
