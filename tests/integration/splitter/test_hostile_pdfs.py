"""Broken, odd and hostile PDFs end with chunks or a code, in real subprocesses, and none of them disturbs the next."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from splitter.pdf_workers import StepSeconds
from tests import hostile_pdfs as hostile
from tests.builders import a_pdf
from tests.hostile_pdfs import MIB
from tests.pdf_verdicts import Bounds, Readers, Verdict, running_readers
from tests.soak.sampling import PeakWatch

CODES: dict[str, set[str | None]] = {
    "broken": {"damaged"},
    "password": {"encrypted"},
    "no_text": {None, "no_text"},
    "text": {None},
    "long_text": {None},
}
TEXT = "Il marche vers la ville. Elle regarde le fleuve et pense."
# Less memory than the services give, so that a bomb is over sooner: the base of a reader is 0.3 GB.
SMALL = Bounds(reading_memory=700 * MIB)
Build = Callable[[], bytes]

# What asks for much and is read all the same, because what it asks for is bounded or left alone.
HARMLESS: dict[str, Build] = {
    "a table that is its own predecessor": hostile.prev_ring,
    "20,000 tables in a row": lambda: hostile.prev_chain(20_000),
    "a stream of a terabyte, as it says": lambda: hostile.said_length(b"1000000000000"),
    "a stream of a length below zero": lambda: hostile.said_length(b"-1"),
    "a stream whose length is the stream": lambda: hostile.said_length(b"5 0 R"),
    "100,000 dictionaries in each other": lambda: hostile.nested(b"<</A ", b">>", 100_000),
    "a million states to save": lambda: hostile.nested_content(b"q ", 1_000_000),
    "bookmarks in a ring": hostile.outline_ring,
    "50,000 bookmarks": lambda: hostile.long_outline(50_000),
    "a billion pages, as it says": lambda: hostile.said_count(b"1000000000"),
    "less than no pages, as it says": lambda: hostile.said_count(b"-5"),
    "a page of no size": lambda: hostile.media_box(b"0 0 0 0"),
    "scripts and files inside": hostile.active,
}
# What is refused at upload, and how the splitter would end it, or read it, if it came so far.
REFUSED: dict[str, tuple[Build, str, set[str | None]]] = {
    "a tree of 100,000 nodes in a row": (lambda: hostile.deep_tree(100_000), "damaged", {"damaged"}),
    "a tree that doubles 40 times": (lambda: hostile.doubling_tree(40), "damaged", {"damaged"}),
    "a tree in a ring": (hostile.ring_tree, "damaged", {"damaged"}),
    "a table of two billion rows": (lambda: hostile.long_table(2_000_000_000), "damaged", {None}),
    "a table that unpacks to a gigabyte": (lambda: hostile.table_stream_bomb(1024 * MIB), "damaged", {None}),
    "a million brackets": (lambda: hostile.nested(b"[", b"]", 1_000_000), "damaged", {None}),
    "a page of endless size": (lambda: hostile.media_box(b"0 0 1e400 nan"), "damaged", {None}),
    "10,000 pages": (lambda: hostile.many_pages(10_000), "too_many_pages", {"too_many_pages"}),
}
# Pages that their reader cannot bear: the book's other pages are read.
BAD_PAGES: dict[str, Build] = {
    "a bomb of a gigabyte": lambda: hostile.flate(hostile.bomb(1024 * MIB)),
    "a bomb in a bomb of eight": lambda: hostile.flate(hostile.bomb(8192 * MIB, 2), 2),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def readers() -> AsyncIterator[Readers]:
    async with running_readers(SMALL) as running:
        yield running


async def judged(readers: Readers, body: bytes, bounds: Bounds = SMALL) -> Verdict:
    """The verdict on the file. However it ends, its subprocess kept to its memory and this process took little."""
    before = psutil.Process().memory_info().rss
    with PeakWatch() as watch:
        verdict = await readers.judge(body)
    assert watch.peak_bytes < max(bounds.inspection_memory, bounds.reading_memory)
    assert psutil.Process().memory_info().rss - before < 300 * MIB, "what the service itself holds"
    return verdict


@asynccontextmanager
async def and_the_next_is_read(readers: Readers) -> AsyncIterator[None]:
    yield
    after = await readers.judge(a_pdf(3))
    assert (after.upload, after.pages, after.split) == (None, 3, None)


@pytest.mark.asyncio(loop_scope="module")
async def test_every_pdf_of_the_collection_ends_as_its_kind_must(readers: Readers, shared_data: Path) -> None:
    folder = shared_data / "pdfs"
    entries = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    assert len(entries) >= 78
    for entry in entries:
        verdict = await readers.judge((folder / entry["file"]).read_bytes())
        assert verdict.split in CODES[entry["category"]], entry["file"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", HARMLESS)
async def test_what_says_much_of_itself_is_read_like_any_book(readers: Readers, name: str) -> None:
    verdict = await judged(readers, HARMLESS[name]())
    assert (verdict.upload, verdict.pages, verdict.split) == (None, 1, None)
    assert verdict.text == TEXT


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_a_book_is_refused_at_upload(readers: Readers, name: str) -> None:
    build, at_upload, at_split = REFUSED[name]
    async with and_the_next_is_read(readers):
        verdict = await judged(readers, build())
    assert verdict.upload == at_upload
    assert verdict.split in at_split


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", BAD_PAGES)
async def test_a_bomb_costs_its_page_and_no_other(readers: Readers, name: str) -> None:
    async with and_the_next_is_read(readers):
        plain = hostile.stream(hostile.TEXT)
        verdict = await judged(readers, hostile.pages_of([plain, BAD_PAGES[name](), plain]))
    assert (verdict.upload, verdict.pages) == (None, 3)
    assert verdict.text == f"{TEXT} {TEXT}"
    assert [chunk.pages for chunk in verdict.chunks if chunk.page_key or not chunk.sentences] == [(2,)]


@pytest.mark.asyncio(loop_scope="module")
async def test_pages_that_drag_the_whole_file_along_are_not_all_cut(readers: Readers) -> None:
    verdict = await judged(readers, hostile.heavy_pages(100, 10 * MIB))
    cut = [chunk for chunk in verdict.chunks if chunk.page_key]
    assert len(verdict.chunks) == 100
    assert 0 < len(cut) < 100


async def test_nothing_inside_a_book_is_run_unpacked_or_told(capfd: pytest.CaptureFixture[str]) -> None:
    """The file inside is called ../../../../tmp/\\0pirate.sh; its text is no part of the book. And the libraries that
    read PDFs quote the file's own bytes in their warnings.
    """
    quoted = hostile.heavy_pages(1, 4000).replace(b"/Type/Page/", b"/pirate pirate /Type/Page/")
    cut_off = hostile.one_page()[:-60].replace(b"/Kids", b"pirate /Kids")
    async with running_readers(SMALL) as readers:
        verdicts = [await readers.judge(body) for body in (hostile.active(), quoted, cut_off, hostile.outline_ring())]
    chunks = " ".join(chunk.model_dump_json() for verdict in verdicts for chunk in verdict.chunks)
    assert verdicts[0].text == TEXT
    assert hostile.INSIDE.decode() not in chunks
    assert "pirate" not in chunks
    assert not await asyncio.to_thread(lambda: list(Path("/tmp").glob("*pirate*")))  # noqa: S108 - where its name points
    told = capfd.readouterr()
    assert "pirate" not in told.out + told.err
    assert "bookmark" not in told.err, "a library wrote to the log, past its form"


async def test_a_book_that_takes_too_long_ends_and_the_next_one_is_read() -> None:
    async with running_readers(Bounds(steps=StepSeconds(understanding=0.2))) as readers:
        assert (await readers.judge(a_pdf(pages=300, text="Il marche vers la ville. " * 100))).split == "too_slow"
        assert (await readers.judge(a_pdf())).split is None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("build", "codes"),
    [
        (lambda: hostile.object_stream_bomb(1024 * MIB), {"damaged", "too_big", "too_slow"}),
        (hostile.form_ring, {None}),
        (lambda: hostile.many_pages(2_000), {None}),
        (lambda: hostile.short_lines(150, 4_900), {"too_big"}),
        (lambda: hostile.short_sentences(60, 10_000), {"too_big"}),
    ],
    ids=["a bomb of objects", "a form in itself", "2,000 pages", "short lines", "short sentences"],
)
async def test_the_limits_of_the_services_hold(build: Build, codes: set[str | None]) -> None:
    bounds = Bounds()
    async with running_readers(bounds) as readers:
        async with and_the_next_is_read(readers):
            verdict = await judged(readers, build(), bounds)
        assert verdict.split in codes


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_book_of_bombs_is_given_up_after_some() -> None:
    async with running_readers(SMALL) as readers:
        verdict = await judged(readers, hostile.pages_of([hostile.flate(hostile.bomb(1024 * MIB))] * 60))
        assert verdict.split in {"damaged", "too_slow"}


async def test_an_upload_that_takes_its_time_holds_up_no_other() -> None:
    """Two subprocesses inspect; the file that stalls one of them is told so when its time is over."""
    async with running_readers(Bounds(inspection=0.3)) as readers:
        slow = hostile.many_pages(10_000)
        started = asyncio.get_running_loop().time()
        verdict = await readers.judge(slow)
        assert verdict.upload == "too_complex"
        assert asyncio.get_running_loop().time() - started < 20
        assert (await readers.judge(a_pdf())).upload is None
