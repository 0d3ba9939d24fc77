from pathlib import Path

import pytest
import typst
from pypdf import PdfReader, PdfWriter

from feuilleton.contracts.errors import InvalidInputError
from splitter.page_cutting import cut_pages
from splitter.pages import ReadLimits, join_pieces
from splitter.pdf_reading import open_pdf, read_pages
from tests.builders import a_pdf
from tests.hostile_pdfs import outline_of, short_lines

LIMITS = ReadLimits()


def saved(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "book.pdf"
    path.write_bytes(body)
    return path


def typeset(tmp_path: Path, source: str) -> Path:
    head = '#set page(width: 100mm, height: 120mm, margin: 15mm)\n#set text(lang: "fr", size: 11pt)\n'
    return saved(tmp_path, typst.compile((head + source).encode(), format="pdf"))


def test_lines_come_with_their_places_from_the_top_left(tmp_path: Path) -> None:
    opened = open_pdf(typeset(tmp_path, "Premier.\n\n#h(1cm)Second.\n#pagebreak()\nDeux."), LIMITS)
    assert opened.pages == 2
    first, second = read_pages(tmp_path / "book.pdf", (1, 2), LIMITS)
    upper, lower = join_pieces(first.lines)
    assert (upper.text, lower.text) == ("Premier.", "Second.")
    assert 40 < upper.left < 45
    assert lower.left > upper.left + 20
    assert 0 < upper.baseline < lower.baseline < first.height
    assert upper.size == pytest.approx(11.0)
    assert [line.text for line in second.lines] == ["Deux."]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_is_shown_turned_reads_the_same_way(tmp_path: Path, degrees: int) -> None:
    straight = typeset(tmp_path, "Premier.\n\nSecond.")
    writer = PdfWriter()
    page = PdfReader(straight).pages[0]
    page.rotate(degrees)
    writer.add_page(page)
    turned = tmp_path / "turned.pdf"
    writer.write(turned)
    (found,) = read_pages(turned, (1,), LIMITS)
    corners = {(line.text, round(line.left), round(line.baseline)) for line in found.lines}
    (plain,) = read_pages(straight, (1,), LIMITS)
    assert {text for text, _, _ in corners} == {line.text for line in plain.lines}
    assert all(0 <= x <= found.width + 1 and 0 <= y <= found.height + 1 for _, x, y in corners)


def test_a_word_broken_by_the_printer_ends_its_line_with_a_hyphen(tmp_path: Path) -> None:
    path = typeset(tmp_path, "#set par(justify: true)\n#set text(hyphenate: true)\n" + "incontestablement " * 30)
    (page,) = read_pages(path, (1,), LIMITS)
    assert sum(line.text.endswith("-") for line in page.lines) > 3
    assert not any(mark in page.text for mark in "\ufffe\x02\xad")


def test_calls_of_notes_are_told_from_figures_of_the_text(tmp_path: Path) -> None:
    (page,) = read_pages(typeset(tmp_path, "En 1889, un mot#footnote[Une note.] et 12 autres."), (1,), LIMITS)
    assert page.lines[0].text == "En 1889, un mot¹ et 12 autres."
    assert join_pieces(page.lines)[-1].text.startswith("¹")


def test_a_page_of_one_picture_says_so(tmp_path: Path) -> None:
    path = typeset(tmp_path, "#rect(width: 100%, height: 100%, fill: gradient.linear(red, blue))")
    (page,) = read_pages(path, (1,), LIMITS)
    assert page.lines == ()
    assert page.drawings + page.image_share > 0


def test_the_outline_tells_titles_and_pages(tmp_path: Path) -> None:
    opened = open_pdf(typeset(tmp_path, "= Un\nmot\n#pagebreak()\n= Deux\nmot"), LIMITS)
    assert [(entry.title, entry.page) for entry in opened.outline] == [("Un", 1), ("Deux", 2)]


def test_a_bookmark_whose_title_is_no_text_costs_itself_alone(tmp_path: Path) -> None:
    titles = ["Un".encode("utf-16-be"), b"\xd8\x00\x00\x41", "Deux".encode("utf-16-be")]
    opened = open_pdf(saved(tmp_path, outline_of(titles)), LIMITS)
    assert [entry.title for entry in opened.outline if entry.title] == ["Un", "Deux"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not a pdf", "damaged"),
        (a_pdf()[:200], "damaged"),
        (a_pdf(password="secret"), "encrypted"),
        (a_pdf(pages=4), "too_many_pages"),
    ],
)
def test_what_cannot_be_read_has_a_code(tmp_path: Path, body: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        open_pdf(saved(tmp_path, body), ReadLimits(pages=3))
    assert caught.value.code == code


def test_a_page_above_the_limit_costs_that_page_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, a_pdf(pages=1, text="x" * 3000))
    assert read_pages(path, (1,), ReadLimits(page_chars=1000))[0].fault == "page_too_big"
    assert read_pages(path, (1, 2), LIMITS)[1].fault == "unreadable_page"
    path = saved(tmp_path, short_lines(2, 30))
    assert [len(page.lines) for page in read_pages(path, (1, 2), ReadLimits(page_lines=30))] == [30, 30]
    assert read_pages(path, (1,), ReadLimits(page_lines=29))[0].fault == "page_too_big"


def test_pages_are_cut_out_each_as_a_pdf_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path, a_pdf(pages=3, text="Une page."))
    first, missing = cut_pages(path, (2, 9), 1_000_000)
    assert first is not None
    assert missing is None
    (tmp_path / "cut.pdf").write_bytes(first)
    assert len(PdfReader(tmp_path / "cut.pdf").pages) == 1
    assert cut_pages(path, (1,), 100) == (None,), "above the limit"
    assert cut_pages(saved(tmp_path, b"broken"), (1,), 1000) == (None,)
