"""A page reader made of pdfium and tesseract."""

import asyncio

import structlog

from extractor.engines.port import PageAnswer, PageRequest, UnreadablePageError
from extractor.lexicon import french
from extractor.page_reading.page_text import IllegiblePageError, page_sentences
from extractor.page_reading.rasterising import UndrawablePageError, rasterise
from extractor.page_reading.recognised import read_rows
from extractor.page_reading.tesseract import RecognitionError, Tesseract
from feuilleton.processes.pool import IsolatedPool, Limits, WorkerDiedError, WorkerTimeoutError

_RASTER_MEMORY_BYTES = 1024**3
_RASTER_SECONDS = 30.0
_RASTER_PAGES = 200  # then its subprocess is replaced
_TRIES = 2  # a subprocess may die by chance; twice, the page is to blame
_DEATHS = (WorkerDiedError, WorkerTimeoutError, MemoryError)
log = structlog.get_logger(__name__)


class TesseractReader:
    """Reads `pages_at_once` pages side by side, one core each (0.5 to 3 s for a page of a book)."""

    def __init__(self, tesseract: Tesseract, *, pages_at_once: int) -> None:
        self._tesseract = tesseract
        self._pool = IsolatedPool(Limits(1, _RASTER_MEMORY_BYTES, _RASTER_PAGES))
        self._places = asyncio.Semaphore(pages_at_once)

    async def read(self, request: PageRequest) -> PageAnswer:
        """Raises UnreadablePageError (`page_illegible`): not drawn, not recognised in time, or no French to see."""
        try:
            async with self._places:
                image, dots = await self._draw(request.pdf)
                table = await self._tesseract.words(image, dots)
            return PageAnswer(page_sentences(read_rows(table), _is_french))
        except (UndrawablePageError, RecognitionError, IllegiblePageError, *_DEATHS) as exc:
            log.warning("page_illegible", page=request.page, cause=type(exc).__name__)
            raise UnreadablePageError(f"page {request.page}: {exc}", code="page_illegible") from exc

    async def start(self) -> None:
        """The subprocess comes up with the first page: most books have none."""

    async def stop(self) -> None:
        await self._pool.stop()

    async def _draw(self, pdf: bytes) -> tuple[bytes, int]:
        for _ in range(_TRIES - 1):
            try:
                return await self._pool.run(rasterise, pdf, timeout_seconds=_RASTER_SECONDS)
            except _DEATHS:
                continue
        return await self._pool.run(rasterise, pdf, timeout_seconds=_RASTER_SECONDS)


def _is_french(word: str) -> bool:
    return bool(french().readings(word))
