"""The subprocesses that touch books: each step with its time, and what becomes of a step that kills its process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.processes.pool import WorkerDiedError, WorkerTimeoutError
from splitter.page_cutting import MAX_CUT_BYTES, cut_pages
from splitter.pages import Opened, Page, ReadLimits
from splitter.pdf_reading import open_pdf, read_pages
from splitter.planning import BookText, read_book

TRIES = 3  # a death may be chance (the kernel short of memory); three are the book's fault
_READ_BATCH_PAGES = 50
_CUT_BATCH_PAGES = 8
MOST_CUT_BYTES = 300_000_000  # of one book, all in memory until stored; more than the largest upload
_R = TypeVar("_R")
_Failure = WorkerDiedError | WorkerTimeoutError | MemoryError
_FAILURES = (WorkerDiedError, WorkerTimeoutError, MemoryError)
log = structlog.get_logger(__name__)


class Pool(Protocol):
    """What is needed of feuilleton.processes.pool.IsolatedPool."""

    async def run(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R: ...


@dataclass(frozen=True)
class StepSeconds:
    """How long one step may take in its subprocess. A batch holds 50 pages to read, 8 to cut."""

    opening: float = 20.0
    batch: float = 40.0
    page: float = 10.0
    understanding: float = 120.0
    cutting: float = 60.0


class PdfWorkers:
    """Reads books in a pool. Methods raise InvalidInputError with the code that a job ends with."""

    def __init__(
        self,
        pool: Pool,
        limits: ReadLimits,
        seconds: StepSeconds,
        *,
        most_bad_pages: int = 20,
        most_cut_bytes: int = MOST_CUT_BYTES,
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._seconds = seconds
        self._most_bad_pages = most_bad_pages
        self._most_cut_bytes = most_cut_bytes

    async def open(self, path: Path) -> Opened:
        """Raises InvalidInputError (`encrypted`, `damaged`, `too_many_pages`, `too_slow`, `too_big`)."""
        return await self._tried(open_pdf, path, self._limits, timeout_seconds=self._seconds.opening)

    async def read(self, path: Path, count: int) -> list[Page]:
        """All pages. One that kills its reader or takes too long has a fault and costs no other page.

        Raises InvalidInputError: `damaged` when no page can be read, `too_slow` or `damaged` when more than
        `most_bad_pages` stop their reader, `too_big` for too much text.
        """
        pages: list[Page] = []
        characters = lines = 0
        for batch in _batches(range(1, count + 1), _READ_BATCH_PAGES):
            pages.extend(await self._read_batch(path, batch, self._bad(pages)))
            characters += sum(len(line.text) for page in pages[-len(batch) :] for line in page.lines)
            if characters > self._limits.book_chars:
                raise InvalidInputError(f"over {self._limits.book_chars} characters", code="too_big")
            lines += sum(len(page.lines) for page in pages[-len(batch) :])
            if lines > self._limits.book_lines:
                raise InvalidInputError(f"over {self._limits.book_lines} lines", code="too_big")
        if all(page.fault == "unreadable_page" for page in pages):
            raise InvalidInputError("no page can be read", code="damaged")
        return pages

    async def understand(self, pages: Sequence[Page], opened: Opened, settings: JobSettings) -> BookText:
        """Raises InvalidInputError (`too_big` for too many sentences too)."""
        most = self._limits.book_sentences
        return await self._tried(
            read_book, pages, opened.outline, settings, most, timeout_seconds=self._seconds.understanding
        )

    async def cut(self, path: Path, numbers: Sequence[int]) -> dict[int, bytes | None]:
        """The pages as PDFs; None for one that cannot be cut, is too large, or took its cutter down.

        Pages that share what they drag along can be many times their file: past `most_cut_bytes` none is cut.
        """
        found: dict[int, bytes | None] = {}
        for batch in _batches(numbers, _CUT_BATCH_PAGES):
            if sum(len(body) for body in found.values() if body) > self._most_cut_bytes:
                log.warning("pages_not_cut", pages=len(numbers) - len(found))
                return {**dict.fromkeys(numbers), **found}
            try:
                bodies = await self._cut(path, batch)
            except _FAILURES:
                bodies = tuple([await self._cut_alone(path, number) for number in batch])
            found.update(zip(batch, bodies, strict=True))
        return found

    async def _cut(self, path: Path, numbers: tuple[int, ...]) -> tuple[bytes | None, ...]:
        return await self._pool.run(cut_pages, path, numbers, MAX_CUT_BYTES, timeout_seconds=self._seconds.cutting)

    async def _cut_alone(self, path: Path, number: int) -> bytes | None:
        try:
            return (await self._cut(path, (number,)))[0]
        except _FAILURES as exc:
            log.warning("page_not_cut", page=number, cause=type(exc).__name__)
            return None

    async def _read_batch(self, path: Path, numbers: tuple[int, ...], bad: int) -> list[Page]:
        try:
            return list(await self._read(path, numbers, self._seconds.batch))
        except _FAILURES as exc:
            log.warning("pages_read_singly", pages=len(numbers), cause=type(exc).__name__)
        pages: list[Page] = []
        for number in numbers:
            page = await self._read_alone(path, number)
            bad += page.fault in _STOPPING
            if bad > self._most_bad_pages:
                raise InvalidInputError(
                    f"over {self._most_bad_pages} pages stop their reader", code=_STOPPING[page.fault]
                )
            pages.append(page)
        return pages

    async def _read_alone(self, path: Path, number: int) -> Page:
        try:
            return (await self._read(path, (number,), self._seconds.page))[0]
        except _FAILURES as exc:
            fault = "page_too_slow" if isinstance(exc, WorkerTimeoutError) else "page_stops_reader"
            log.warning("page_not_read", page=number, fault=fault)
            return Page(number, fault=fault)

    async def _read(self, path: Path, numbers: tuple[int, ...], seconds: float) -> tuple[Page, ...]:
        return await self._pool.run(read_pages, path, numbers, self._limits, timeout_seconds=seconds)

    def _bad(self, pages: Sequence[Page]) -> int:
        return sum(page.fault in _STOPPING for page in pages)

    async def _tried(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R:
        """Run a step that stands for the whole book; after `TRIES` deaths the book is to blame."""
        for left in range(TRIES - 1, -1, -1):
            try:
                return await self._pool.run(func, *args, timeout_seconds=timeout_seconds)
            except _FAILURES as exc:
                log.warning("book_step_failed", step=func.__name__, tries_left=left, cause=type(exc).__name__)
                if left == 0:
                    raise InvalidInputError(str(exc), code=_code_of(exc)) from exc
        raise AssertionError  # the loop returns or raises


_STOPPING: dict[str | None, str] = {"page_too_slow": "too_slow", "page_stops_reader": "damaged"}


def _code_of(failure: _Failure) -> str:
    if isinstance(failure, WorkerTimeoutError):
        return "too_slow"
    return "too_big" if isinstance(failure, MemoryError) else "damaged"


def _batches(numbers: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(numbers), size):
        yield tuple(numbers[start : start + size])
