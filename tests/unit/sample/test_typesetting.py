import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from feuilleton_sample import (
    Imprint,
    parse_novel,
    raw_to_markup,
    read_sample,
    typeset_novel,
    typeset_raw_novel,
    typeset_sample,
)

pytestmark = pytest.mark.heavy

TITLE = "Le Dernier Couplet"
FRONT_PAGES = 2


@pytest.fixture(scope="module")
def book() -> bytes:
    return typeset_sample()


@pytest.fixture(scope="module")
def pages(book: bytes) -> list[str]:
    return page_texts(book)


def page_texts(book: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(book)
    try:
        return [document[index].get_textpage().get_text_range() for index in range(len(document))]
    finally:
        document.close()


def letters(text: str) -> str:
    """Text without spaces and hyphens, which justified lines move: what is left must be the same everywhere."""
    return re.sub(r"[\s\u00ad\ufffe\u0002-]", "", text)


def heads_of(chapter_titles: list[str]) -> set[str]:
    """What a page may say above its text: running heads, numerals and titles of chapter openings."""
    parts = [part for title in chapter_titles for part in title.split(". ", 1)]
    return {letters(head) for head in (TITLE, *parts)}


def body_letters(page: str, heads: set[str]) -> str:
    lines = page.split("\r\n")
    for taken in (2, 1, 2, 1):  # a long title takes two lines
        if letters("".join(lines[:taken])) in heads:
            lines = lines[taken:]
    # A hyphen at the end of a page swallows the line break before the page number.
    end = re.fullmatch(r"(.*\ufffe)?\d+", lines[-1])
    assert end, "a page of text ends with its number"
    return letters("".join(lines[:-1]) + (end[1] or ""))


def golden_letters() -> tuple[str, list[str]]:
    """The story's letters outside the scan, note calls as bare numbers; and the notes as the foot shows them."""
    source = re.sub(r"%% scan\n.*?%% fin\n", "", read_sample(), flags=re.DOTALL).replace("*", "")
    notes = [letters("".join(found)) for found in re.findall(r"(?m)^\[\^(\d+)\]: (.*)$", source)]
    story = re.sub(r"(?m)^(#.*|\[\^\d+\]: .*)$", "", source)
    story = re.sub(r"(?m)^(> |~> |~ )", "", story)
    return letters(re.sub(r"\[\^(\d+)\]", r"\1", story)), notes


def test_the_text_layer_holds_every_letter_of_the_story_outside_the_scan_in_order(pages: list[str]) -> None:
    story, notes = golden_letters()
    heads = heads_of([chapter.title for chapter in parse_novel(read_sample()).chapters])
    found = "".join(body_letters(page, heads) for page in pages[FRONT_PAGES:-1] if page)
    for note in notes:
        assert found.count(note) == 1
        found = found.replace(note, "")

    assert found == story


def test_two_processes_typeset_the_same_bytes(book: bytes, tmp_path: Path) -> None:
    target = tmp_path / "book.pdf"
    subprocess.run([sys.executable, "-m", "feuilleton_sample", str(target)], check=True, timeout=60)

    assert target.read_bytes() == book


def test_the_command_without_a_target_says_how_to_use_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "feuilleton_sample"], check=False, timeout=60, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "usage" in done.stderr


def test_one_page_is_an_image_without_text(book: bytes, pages: list[str]) -> None:
    empty = [index for index, page in enumerate(pages) if not page.strip()]
    assert len(empty) == 1

    document = pypdfium2.PdfDocument(book)
    page = document[empty[0]]
    images = [found for found in page.get_objects() if found.type == FPDF_PAGEOBJ_IMAGE]
    left, bottom, right, top = images[0].get_bounds()

    assert len(images) == 1
    assert (right - left, top - bottom) == pytest.approx(page.get_size(), abs=1)
    assert images[0].get_px_size()[0] == pytest.approx(110 / 25.4 * 150, abs=2)
    document.close()


def test_running_heads_alternate_and_are_absent_where_a_chapter_opens(pages: list[str]) -> None:
    chapters = [chapter.title.split(". ", 1) for chapter in parse_novel(read_sample()).chapters]
    current = ""
    opened = 0
    for number, page in enumerate(pages[:-1], start=1):
        if number <= FRONT_PAGES or not page:
            continue
        lines = page.split("\r\n")
        if lines[:2] in chapters:
            opened += 1
            current = lines[1]
        else:
            assert lines[0] == (TITLE if number % 2 == 0 else current)
        assert lines[-1] == str(number)

    assert opened == len(chapters)


def test_lines_end_in_hyphens_as_in_a_justified_book(pages: list[str]) -> None:
    assert sum(page.count("\ufffe") for page in pages) >= 60


def test_bookmarks_metadata_and_table_name_the_chapters(book: bytes, pages: list[str]) -> None:
    titles = [chapter.title for chapter in parse_novel(read_sample()).chapters]
    document = pypdfium2.PdfDocument(book)

    assert [bookmark.get_title() for bookmark in document.get_toc()] == titles
    assert document.get_metadata_value("Title") == TITLE
    assert document.get_metadata_value("Author") == "L’atelier Feuilleton"
    assert document.get_metadata_value("CreationDate") == ""
    assert str(pypdf.PdfReader(BytesIO(book)).root_object["/Lang"]) == "fr-FR"
    assert pages[-1].startswith("Table")
    assert all(title in pages[-1] for title in titles)
    document.close()


def test_a_raw_novel_becomes_a_book_with_parts() -> None:
    book = typeset_raw_novel("Première partie\nI -- L'eau\n-- Oui, dit-il.\nDeuxième partie\nII\nNon.", "Essai")
    pages = page_texts(book)
    document = pypdfium2.PdfDocument(book)

    assert [(b.level, b.get_title()) for b in document.get_toc()] == [
        (0, "Première partie"),
        (1, "I. L’eau"),
        (0, "Deuxième partie"),
        (1, "II"),
    ]
    assert pages[2].split("\r\n") == ["Première partie"]
    assert pages[3].split("\r\n") == ["I", "L’eau", "—\u00a0Oui, dit-il.", "4"]
    document.close()


def test_a_broken_book_is_refused_before_it_is_typeset() -> None:
    with pytest.raises(ValueError, match="without definition"):
        typeset_novel("# T\n\n## I\n\nAppel[^7].", Imprint())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "chapters"),
    [("FRA01302_Flaubert", 35), ("FRA01902_Gaboriau", 99), ("FRA02701_Maupassant", 18), ("FRA04001_Verne", 38)],
)
def test_a_whole_novel_is_typeset_without_losing_a_letter(name: str, chapters: int, shared_data: Path) -> None:
    text = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
    novel = parse_novel(raw_to_markup(text, TITLE))
    assert len(novel.chapters) == chapters
    heads = heads_of([chapter.title for chapter in novel.chapters])
    parts = {chapter.part for chapter in novel.chapters if chapter.part}

    pages = page_texts(typeset_raw_novel(text, TITLE))
    table = next(index for index, page in enumerate(pages) if page.startswith("Table\r\n"))
    body = [page for page in pages[FRONT_PAGES:table] if page.strip() not in parts]
    found = "".join(body_letters(page, heads) for page in body)

    assert found == letters("".join(p.text for chapter in novel.chapters for p in chapter.paragraphs))
