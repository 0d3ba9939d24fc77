"""What ingest, the splitter and the reader of images make of a file, in the subprocesses that they use: a verdict, or
a fault of ours.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from extractor.page_reading.rasterising import UndrawablePageError, rasterise
from feuilleton.contracts import ids
from feuilleton.contracts.events import ChunkSubmitted, JobEnded, JobSplit, Received
from feuilleton.contracts.ids import TenantId
from feuilleton.processes.pool import IsolatedPool, Limits, WorkerDiedError, WorkerTimeoutError
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from ingest.pdf_check import PdfChecker, PdfRefusedError, preload
from ingest.settings import IngestSettings
from splitter.book import BookSplitter
from splitter.bootstrap import build_pool
from splitter.handler import UploadMessages
from splitter.pdf_workers import PdfWorkers, StepSeconds
from splitter.settings import Settings
from tests.builders import an_order

TENANT = TenantId("default")
AT_UPLOAD = frozenset({"not_a_pdf", "encrypted", "damaged", "no_pages", "too_many_pages", "too_complex"})
AT_SPLIT = frozenset({"damaged", "encrypted", "too_big", "too_slow", "too_many_pages", "no_text"})
MOST_MESSAGE_BYTES = 1_000_000
_PAGES_DRAWN = 2  # of a file: a campaign has no time for all


def _of_ingest(name: str) -> int:
    default = IngestSettings.model_fields[name].default
    assert isinstance(default, int | float)
    return int(default)


class FaultError(AssertionError):
    """The file brought something about that must not be."""


@dataclass(frozen=True)
class Bounds:
    """Limits in seconds and bytes, those of the services unless told. A campaign takes less time for each step:
    `too_slow` is a verdict as well.
    """

    inspection: float = _of_ingest("pdf_timeout_seconds")
    inspection_memory: int = _of_ingest("pdf_memory_bytes")
    steps: StepSeconds = field(default_factory=StepSeconds)
    book: float = Settings().splitter_book_seconds
    reading_memory: int = Settings().splitter_worker_memory_bytes
    slack: float = 15.0  # a subprocess that was killed starts anew: seconds on a busy machine


CAMPAIGN = Bounds(
    inspection=5.0, steps=StepSeconds(opening=4.0, batch=5.0, page=2.0, understanding=20.0, cutting=5.0), book=60.0
)


_Pools = tuple[IsolatedPool, IsolatedPool, IsolatedPool]


@dataclass(frozen=True)
class Verdict:
    """`upload` is a code, or None with the number of `pages`; `split` is a code, or None with `chunks`."""

    upload: str | None
    pages: int
    split: str | None
    chunks: tuple[ChunkSubmitted, ...]
    upload_seconds: float = 0.0
    split_seconds: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(sentence.text for chunk in self.chunks for sentence in chunk.sentences)


class Readers:
    """Ingest's inspection, the splitter's reading and the extractor's drawing of pages, each with one subprocess of the
    size that the services give.
    """

    def __init__(self, pools: _Pools, folder: Path, bounds: Bounds) -> None:
        self._inspecting, self._reading, self._drawing = pools
        self._folder = folder
        self._bounds = bounds

    async def judge(self, body: bytes) -> Verdict:
        """All read the file, whatever the first says. Raises FaultError."""
        started = time.monotonic()
        pages, upload = await self._inspect(body)
        inspected = time.monotonic()
        split, chunks = await self._split(body)
        ended = time.monotonic()
        verdict = Verdict(upload, pages, split, chunks, inspected - started, ended - inspected)
        self._check(verdict)
        return verdict

    def _check(self, verdict: Verdict) -> None:
        bounds = self._bounds
        if verdict.upload_seconds > bounds.inspection + bounds.slack:
            raise FaultError(f"the inspection took {verdict.upload_seconds:.1f} s")
        if verdict.split_seconds > bounds.book + bounds.slack:
            raise FaultError(f"the reading took {verdict.split_seconds:.1f} s")
        if (verdict.upload is None) is not (verdict.pages > 0):
            raise FaultError(f"{verdict.pages} pages and the code {verdict.upload}")
        if (verdict.split is None) is not bool(verdict.chunks):
            raise FaultError(f"{len(verdict.chunks)} chunks and the code {verdict.split}")
        for code, known in ((verdict.upload, AT_UPLOAD), (verdict.split, AT_SPLIT)):
            if code is not None and code not in known:
                raise FaultError(f"the code {code} is none of this stage")

    async def _inspect(self, body: bytes) -> tuple[int, str | None]:
        path = self._folder / "upload.pdf"
        path.write_bytes(body)
        checker = PdfChecker(
            self._inspecting, pages_limit=_of_ingest("pages_limit"), timeout_seconds=self._bounds.inspection
        )
        try:
            return await checker.check(path), None
        except PdfRefusedError as exc:
            return 0, exc.code
        except Exception as exc:
            raise FaultError(f"the inspection raised {exc!r}") from exc

    async def _split(self, body: bytes) -> tuple[str | None, tuple[ChunkSubmitted, ...]]:
        with tempfile.TemporaryDirectory(dir=self._folder) as objects:
            return await self._split_with(open_store(Path(objects).as_uri()), body)

    async def _split_with(self, store: ObjectStore, body: bytes) -> tuple[str | None, tuple[ChunkSubmitted, ...]]:
        publisher = MemoryPublisher()
        workers = PdfWorkers(self._reading, Settings().read_limits, self._bounds.steps)
        books = BookSplitter(store, workers, limit_seconds=self._bounds.book, work_folder=self._folder)
        order = an_order(body, tenant=TENANT)
        await store.put(ids.upload_key(TENANT, order.job), body)
        try:
            received = Received(order, order.event_id, None, "")  # type: ignore[arg-type]
            await UploadMessages(store, publisher, Commands(), books).handle(received)
        except Exception as exc:
            raise FaultError(f"the reading raised {exc!r}") from exc
        await self._draw([key async for key in _pages_in(store)], store)
        ends, splits = publisher.of(JobEnded), publisher.of(JobSplit)
        if len(ends) + len(splits) != 1:
            raise FaultError(f"{len(ends)} ends and {len(splits)} splits")
        if max(len(message.value) for message in publisher.messages) > MOST_MESSAGE_BYTES:
            raise FaultError("a message is larger than the broker takes")
        return ends[0].code if ends else None, tuple(publisher.of(ChunkSubmitted))

    async def _draw(self, keys: Sequence[str], store: ObjectStore) -> None:
        for key in keys[:_PAGES_DRAWN]:
            page = await store.get(key)
            try:
                await self._drawing.run(rasterise, page, timeout_seconds=self._bounds.steps.page)
            except (UndrawablePageError, WorkerDiedError, WorkerTimeoutError, MemoryError):
                continue  # what makes a page illegible
            except Exception as exc:
                raise FaultError(f"the drawing raised {exc!r}") from exc


async def _pages_in(store: ObjectStore) -> AsyncIterator[str]:
    async for item in store.list(""):
        if "/pages/" in item.key:
            yield item.key


@asynccontextmanager
async def running_readers(bounds: Bounds) -> AsyncIterator[Readers]:
    """With all subprocesses started."""
    inspecting = IsolatedPool(Limits(1, bounds.inspection_memory, 50), preload)
    reading = build_pool(Settings(splitter_workers=1, splitter_worker_memory_bytes=bounds.reading_memory))
    drawing = IsolatedPool(Limits(1, 1024**3, 200))
    pools = (inspecting, reading, drawing)
    with tempfile.TemporaryDirectory(prefix="feuilleton-fuzz-") as folder:
        try:
            for pool in pools:
                await pool.start()
            yield Readers(pools, Path(folder), bounds)
        finally:
            for pool in pools:
                await pool.stop()
