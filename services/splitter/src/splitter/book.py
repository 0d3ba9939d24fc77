"""A book from its stored PDF to its stored manifest, once for the life of the job."""

import asyncio
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from feuilleton.contracts import ids
from feuilleton.contracts.documents import ChunkKind, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.errors import InvalidInputError, JobCancelledError
from feuilleton.contracts.events import UploadSubmitted
from feuilleton.contracts.ids import ObjectKey
from feuilleton.contracts.text import count_words
from feuilleton.observability import metrics
from feuilleton.storage.ports import ObjectStore
from splitter.chunking import PlannedChunk, chunk_hash, page_hash, plan_chunks
from splitter.matter import gather
from splitter.pdf_workers import PdfWorkers
from splitter.planning import BookText
from splitter.work_folder import book_folder

VERSION = "3"  # of the rules that make sentences and chunks; kept in the manifest
_PUTS_AT_ONCE = 8
Pause = Callable[[], None]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SplitBook:
    """What is stored of a split book: the manifest, and each chunk's sentences in its order."""

    manifest: Manifest
    sentences: tuple[SourceSentence, ...]

    def of(self, chunk: ManifestChunk) -> tuple[SourceSentence, ...]:
        """The sentences of one chunk of the manifest."""
        start = sum(other.sentences for other in self.manifest.chunks[: chunk.index])
        return self.sentences[start : start + chunk.sentences]


class BookSplitter:
    """Splits books and keeps what it found. `work_folder` takes one PDF a book while it is read."""

    def __init__(self, store: ObjectStore, workers: PdfWorkers, *, limit_seconds: float, work_folder: Path) -> None:
        self._store = store
        self._workers = workers
        self._limit_seconds = limit_seconds
        self._work_folder = work_folder

    async def split(self, order: UploadSubmitted, check: Pause) -> SplitBook:
        """The stored book; read from its PDF if it is not there yet. Every later call gives the same.

        `check` is called between the steps and may raise. Raises InvalidInputError for a book that can never be
        split, ObjectNotFoundError without its PDF, StoreUnavailableError (call again).
        """
        stored = await self._find(order)
        if stored is not None:
            log.info("book_found_split", chunks=len(stored.manifest.chunks))
            return stored
        with book_folder(self._work_folder) as folder:
            path = folder / "upload.pdf"
            await self._store.download(ids.upload_key(order.tenant, order.job), path)
            check()
            try:
                async with asyncio.timeout(self._limit_seconds):
                    read = await self._read(path, order, check)
            except TimeoutError as exc:
                raise InvalidInputError(f"over {self._limit_seconds:g} s", code="too_slow") from exc
        check()
        return await self._keep(order, read)

    async def _read(self, path: Path, order: UploadSubmitted, check: Pause) -> "_ReadBook":
        opened = await self._workers.open(path)
        wanted = _wanted_pages(order, opened.pages)
        # All pages are read, whatever part is wanted: what repeats from page to page tells heads from text.
        pages = await self._workers.read(path, opened.pages)
        check()
        text = _within(await self._workers.understand(pages, opened, order.settings), wanted)
        check()
        images = sorted((*text.pictures, *text.doubtful))
        cuts = await self._workers.cut(path, images)
        metrics.PAGES_READ.labels("text").inc(text.text_pages)
        metrics.PAGES_READ.labels("page").inc(len(images))
        return _ReadBook(opened.pages, text, cuts)

    async def _find(self, order: UploadSubmitted) -> SplitBook | None:
        body = await self._store.find(ids.manifest_key(order.tenant, order.job))
        if body is None:
            return None
        source = await self._store.get(ids.source_key(order.tenant, order.job))
        return await asyncio.to_thread(_split_book, Manifest.model_validate_json(body), source)

    async def _keep(self, order: UploadSubmitted, read: "_ReadBook") -> SplitBook:
        """Store the pages, the source, then the manifest that names it. Whoever was first is right: the sentences
        are those stored, and so is the book.
        """
        await self._put_pages(order, read.cuts)
        source = b"".join(sentence.to_bytes() + b"\n" for sentence in read.text.sentences)
        key = ids.source_key(order.tenant, order.job)
        if not await self._store.create(key, source):
            source = await self._store.get(key)
        manifest = await asyncio.to_thread(make_manifest, order, read, source)
        if await self._store.create(ids.manifest_key(order.tenant, order.job), manifest.to_bytes()):
            _count(manifest)
            return await asyncio.to_thread(_split_book, manifest, source)
        stored = await self._find(order)
        if stored is None:
            raise JobCancelledError("deleted while it was split", code="deleted")
        return stored

    async def _put_pages(self, order: UploadSubmitted, cuts: dict[int, bytes | None]) -> None:
        places = asyncio.Semaphore(_PUTS_AT_ONCE)

        async def put(number: int, body: bytes) -> None:
            async with places:
                await self._store.create(ids.page_key(order.tenant, order.job, number), body)

        await asyncio.gather(*(put(number, body) for number, body in cuts.items() if body is not None))


@dataclass(frozen=True)
class _ReadBook:
    pages: int
    text: BookText
    cuts: dict[int, bytes | None]


def make_manifest(order: UploadSubmitted, read: _ReadBook, source: bytes) -> Manifest:
    """The manifest over the lines of source.jsonl as they are stored. Pure."""
    sentences = _sentences_of(source)
    lengths = [len(line) + 1 for line in source.splitlines()]
    planned = plan_chunks(
        sentences,
        read.text.pictures,
        doubtful_pages=read.text.doubtful,
        min_sentence_length=order.settings.min_sentence_length,
    )
    starts = [chapter.page for chapter in read.text.chapters]
    chunks: list[ManifestChunk] = []
    at, first, before = 0, 0, ""
    for index, chunk in enumerate(planned):
        end = at + sum(lengths[first : first + len(chunk.sentences)])
        made = _manifest_chunk(order, chunk, index, before, read.cuts, (at, end))
        if chunk.page is not None:
            made = made.model_copy(update={"chapter": bisect_right(starts, chunk.page)})
        chunks.append(made)
        at, first = end, first + len(chunk.sentences)
        before = chunk.sentences[-1].text if chunk.page is None else ""
    return Manifest(
        job=order.job,
        tenant=order.tenant,
        source_sha256=hashlib.sha256(source).hexdigest(),
        pages=read.pages,
        chapters=read.text.chapters,
        source_sentences=sum(chunk.sentences for chunk in chunks if chunk.kind is ChunkKind.TEXT),
        words=sum(chunk.words for chunk in chunks),
        chunks=tuple(chunks),
        left_out=gather(read.text.left_out),
        bad_ocr=read.text.bad_ocr,
        version=VERSION,
        fault=None if chunks else "no_text",
    )


def _manifest_chunk(
    order: UploadSubmitted,
    chunk: PlannedChunk,
    index: int,
    before: str,
    cuts: dict[int, bytes | None],
    place: tuple[int, int],
) -> ManifestChunk:
    page_key: ObjectKey | None = None
    if chunk.page is None:
        digest = chunk_hash(chunk, before, order.settings, order.engine, order.model)
    else:
        body = cuts.get(chunk.page)
        page_key = None if body is None else ids.page_key(order.tenant, order.job, chunk.page)
        digest = page_hash(chunk, body, order.settings, order.engine, order.model)
    return ManifestChunk(
        index=index,
        kind=chunk.kind,
        text_hash=digest,
        pages=chunk.pages,
        chapter=chunk.sentences[0].chapter if chunk.sentences else 0,
        sentences=len(chunk.sentences),
        words=sum(count_words(sentence.text) for sentence in chunk.sentences) if chunk.page is None else 0,
        source_start=place[0],
        source_end=place[1],
        page_key=page_key,
    )


def _split_book(manifest: Manifest, source: bytes) -> SplitBook:
    return SplitBook(manifest, _sentences_of(source))


def _sentences_of(source: bytes) -> tuple[SourceSentence, ...]:
    return tuple(SourceSentence.model_validate_json(line) for line in source.splitlines())


def _count(manifest: Manifest) -> None:
    metrics.SOURCE_SENTENCES.inc(manifest.source_sentences)
    for chunk in manifest.chunks:
        metrics.CHUNKS_SPLIT.labels(chunk.kind.value).inc()


def _wanted_pages(order: UploadSubmitted, count: int) -> range:
    wanted = order.settings.pages.numbers(count) if order.settings.pages else range(1, count + 1)
    if not wanted:
        raise InvalidInputError(f"the book has {count} pages", code="pages_out_of_range")
    return wanted


def _within(text: BookText, wanted: range) -> BookText:
    """What begins on the pages that are wanted. Ids and chapters stay those of the whole book."""
    sentences: Sequence[SourceSentence] = [one for one in text.sentences if one.page in wanted]
    return replace(
        text,
        sentences=tuple(sentences),
        pictures=tuple(page for page in text.pictures if page in wanted),
        doubtful=tuple(page for page in text.doubtful if page in wanted),
        bad_ocr=tuple(page for page in text.bad_ocr if page in wanted),
        left_out=tuple(one for one in text.left_out if one.page in wanted),
    )
