"""Pages that are images, read by the installed tesseract; and pages made to harm whoever draws them."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from extractor.engines.port import PageRequest, UnreadablePageError
from extractor.page_reading.rasterising import UndrawablePageError, rasterise
from extractor.page_reading.reader import TesseractReader
from extractor.page_reading.tesseract import Tesseract, find_tesseract
from feuilleton_sample.markup import ParagraphKind, parse_novel
from feuilleton_sample.typeset import read_sample, typeset_sample

TESSERACT = find_tesseract()
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(TESSERACT is None, reason="tesseract with its French data is not installed"),
]


def program(page_seconds: float = 120.0) -> Tesseract:
    assert TESSERACT is not None
    return Tesseract(TESSERACT.program, page_seconds=page_seconds)


@pytest.fixture
async def reader() -> AsyncIterator[TesseractReader]:
    opened = TesseractReader(program(), pages_at_once=2)
    yield opened
    await opened.stop()


@pytest.fixture(scope="module")
def scanned_page() -> bytes:
    """The page of the sample that is an image."""
    pages = PdfReader(io.BytesIO(typeset_sample())).pages
    (scan,) = [page for page in pages if page.images]
    return written(scan_of=scan)


def written(*, width: float = 300.0, height: float = 400.0, content: bytes = b"", scan_of: object = None) -> bytes:
    writer, body = PdfWriter(), io.BytesIO()
    if scan_of is not None:
        writer.add_page(scan_of)  # type: ignore[arg-type]
    else:
        page = writer.add_blank_page(width, height)
        stream = DecodedStreamObject()
        stream.set_data(content)
        page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(body)
    return body.getvalue()


def a_request(pdf: bytes) -> PageRequest:
    return PageRequest(pdf, 36, "")


async def test_the_scan_of_the_sample_is_read_word_for_word(reader: TesseractReader, scanned_page: bytes) -> None:
    chapters = parse_novel(read_sample()).chapters
    _, *printed = [one.text for each in chapters for one in each.paragraphs if one.kind is ParagraphKind.SCAN]
    answer = await reader.read(a_request(scanned_page))
    assert " ".join(" ".join(text for text, _ in answer.sentences).split()) == " ".join(" ".join(printed).split())


async def test_a_page_of_strokes_has_no_sentences(reader: TesseractReader) -> None:
    strokes = b" ".join(b"%d %d m %d %d l S" % (20 + n, 30 + n * 3, 250 - n, 380 - n * 2) for n in range(100))
    assert (await reader.read(a_request(written(content=strokes)))).sentences == ()


async def test_what_is_no_pdf_is_illegible(reader: TesseractReader) -> None:
    with pytest.raises(UnreadablePageError) as raised:
        await reader.read(a_request(b"%PDF-1.4 nothing more"))
    assert raised.value.code == "page_illegible"


async def test_a_page_that_takes_too_long_is_illegible(scanned_page: bytes) -> None:
    hasty = TesseractReader(program(page_seconds=0.01), pages_at_once=1)
    with pytest.raises(UnreadablePageError) as raised:
        await hasty.read(a_request(scanned_page))
    assert raised.value.code == "page_illegible"
    await hasty.stop()


async def test_a_cancelled_reading_leaves_no_tesseract(scanned_page: bytes) -> None:
    image, dots = rasterise(scanned_page)
    reading = asyncio.create_task(program().words(image * 4, dots))
    await asyncio.sleep(0.1)
    assert children() != ""
    reading.cancel()
    await asyncio.wait([reading])
    assert children() == ""


def children() -> str:
    """The ids of this process's children that are no pool's."""
    tasks = Path("/proc/self/task")
    ids = [one for task in tasks.iterdir() for one in (task / "children").read_text().split()]
    return " ".join(one for one in ids if Path(f"/proc/{one}/comm").read_text().strip() == "tesseract")


def test_a_page_as_large_as_a_house_is_drawn_within_the_limit_of_pixels() -> None:
    image, dots = rasterise(written(width=14_400, height=14_400), most_pixels=1_000_000)
    assert len(image) < 1_010_000
    assert dots == 5


def test_what_holds_no_page_is_refused() -> None:
    for pdf in (b"", b"%PDF-1.4"):
        with pytest.raises(UndrawablePageError):
            rasterise(pdf)


@pytest.mark.parametrize(("width", "height"), [(1e-3, 1e12), (1e-3, 14_400), (1e12, 1e12), (0, 0)])
def test_a_page_of_odd_size_is_refused_or_drawn_within_the_limit(width: float, height: float) -> None:
    try:
        image, _ = rasterise(written(width=width, height=height), most_pixels=1_000_000)
    except UndrawablePageError:
        return
    assert len(image) < 1_100_000


def test_every_page_of_the_corpus_is_drawn_or_refused(shared_data: Path) -> None:
    drawn = 0
    for path in sorted((shared_data / "pdfs").glob("no_text__*.pdf")):
        try:
            image, _ = rasterise(path.read_bytes())
        except UndrawablePageError:
            continue
        assert image.startswith(b"P5 ")
        drawn += 1
    assert drawn >= 10


def test_the_page_that_is_read_is_drawn_at_300_dots_an_inch(scanned_page: bytes) -> None:
    width, height = pdfium.PdfDocument(scanned_page)[0].get_size()
    image, dots = rasterise(scanned_page)
    size = [int(part) for part in image.split(maxsplit=3)[1:3]]
    assert dots == 300
    assert size == pytest.approx([width / 72 * 300, height / 72 * 300], abs=1)
