"""Ways of printing that once lost a title or broke a paragraph."""

from dataclasses import replace

from feuilleton.french.hyphenation import read_vocabulary
from splitter.headings import heading_lines
from splitter.layout import measure
from splitter.pages import Line, Page
from splitter.running_heads import remove_running_heads
from splitter.structure import Structure, find_structure
from tests.unit.splitter.printed import LEADING, centred, line, page, prose, with_furniture


def structure(*pages: Page) -> Structure:
    vocabulary = read_vocabulary(one.text for printed in pages for one in printed.lines)
    return find_structure(pages, (), measure(pages), vocabulary, fix_hyphenation=True)


def texts(*pages: Page) -> list[str]:
    return [paragraph.text for paragraph in structure(*pages).paragraphs]


def filler(row: int, count: int = 8) -> list[Line]:
    """Paragraphs of two lines that give the page its measures."""
    return [one for at in range(count) for one in prose("Il marchait sur la longue", "route.", first_row=row + 2 * at)]


def headings(printed: Page) -> list[str]:
    layout = measure([printed])
    return [printed.lines[at].text for at in sorted(heading_lines(printed, layout.frame(printed), layout, ()))]


def test_a_chapters_number_that_equals_its_page_is_no_page_number() -> None:
    first = with_furniture(1, [centred("I", 0, size=14.0), *filler(3)], "Bel-Ami", "— 1 —")
    second = with_furniture(2, filler(0), "Bel-Ami", "— 2 —")
    assert remove_running_heads([first, second])[0].lines[0].text == "I"


def test_the_only_number_at_the_foot_of_the_only_page_is_its_number() -> None:
    printed = page(1, [*filler(0), Line("1", 138.0, 142.0, 400.0, 9.0)])
    assert remove_running_heads([printed])[0].lines == printed.lines[:-1]


def test_a_numbered_title_of_big_type_may_take_two_lines() -> None:
    title = [centred("I. Le brick-goélette", 0, size=14.0), centred("« Pilgrim »", 1.3, size=14.0)]
    assert headings(page(1, [*title, *filler(4)])) == ["I. Le brick-goélette", "« Pilgrim »"]


def test_a_title_in_spaced_letters_may_be_long() -> None:
    title = centred(" ".join("IV.Lebrick-goélettePilgrim"), 0, size=14.0)
    assert headings(page(1, [title, *filler(3)])) == [title.text]


def test_a_number_between_two_dashes_is_a_title_though_it_ends_in_a_hyphen() -> None:
    for title in ("-- II --", "-- Chapitre 2 --", "-- II. Dick Sand --"):
        lines = [*filler(0, 2), centred(title, 5.4), *filler(6.8)]  # type: ignore[arg-type]
        assert headings(page(1, lines)) == [title]


def test_a_numbered_title_apart_may_be_as_wide_as_the_text() -> None:
    title = Line("-- XIV. Quelques nouvelles du docteur --", 46.0, 234.0, centred("", 5.4).baseline, 10.0)
    assert headings(page(1, [*filler(0, 2), title, *filler(6.8)])) == [title.text]  # type: ignore[arg-type]


def test_a_wide_line_that_begins_with_a_number_is_text_where_it_is_not_apart() -> None:
    wide = Line("XIV siècles nous regardent, dit-il.", 46.0, 234.0, centred("", 4).baseline, 10.0)
    assert headings(page(1, [*filler(0, 2), wide, *filler(5)])) == []


def test_a_word_that_begins_a_paragraph_may_be_a_dropped_letter() -> None:
    for cap, rest, begins in (
        ("À", "cette époque, il vint voir la mer", "À cette"),
        ("L", "e vent se leva sur la mer et tomba", "Le vent"),
    ):
        first = Line(rest, 62.0, 240.0, 60.0, 10.0)
        lines = [Line(cap, 40.0, 60.0, 60.0 + LEADING, 28.0), first, line("puis rien.", 1, indent=22)]
        known = [*filler(3), *prose("Le temps de cette", "saison.", first_row=20)]
        assert texts(page(1, [*lines, *known]))[0].startswith(begins)


def verse(text: str, row: float, *, inset: float = 30.0, full: bool = False) -> Line:
    return line(text, row, indent=inset, full=full)


def test_a_verse_that_reaches_the_margin_goes_on_with_a_capital() -> None:
    lines = [verse("Son costume, qui était celui des", 18, full=True), verse("De bateaux du quai", 19)]
    assert texts(page(1, [*filler(0), *lines]))[-1] == "Son costume, qui était celui des De bateaux du quai"


def test_a_stanza_is_one_paragraph_though_a_sentence_ends_in_it() -> None:
    stanza = [verse("Passe, passe, mon bachot.", 18), verse("Qui part tard", 19), verse("arrive tôt.", 20)]
    other = [verse("Passe riche.", 21.4), verse("Passe gueux.", 22.4)]
    found = texts(page(1, [*filler(0), *stanza, *other]))
    assert found[-2:] == ["Passe, passe, mon bachot. Qui part tard arrive tôt.", "Passe riche. Passe gueux."]


def test_lines_at_the_books_own_indent_are_paragraphs_and_no_verses() -> None:
    replies = [line("— Oui.", 18, indent=12.0), line("Monsieur", 19, indent=12.0)]
    assert len(texts(page(1, [*filler(0), *replies]))) == 10


def test_an_asterism_at_the_top_of_a_page_is_in_no_paragraph() -> None:
    first = page(1, filler(0))
    second = page(2, [centred("* * *", 0), *filler(1.5, 4)])  # type: ignore[arg-type]
    assert [text for text in texts(first, second) if "*" in text] == ["* * *"]


def column(lines: list[Line], *, right: bool) -> list[Line]:
    shift = 210.0 if right else 0.0
    return [replace(one, left=one.left + shift, right=one.right + shift) for one in lines]


def test_a_last_page_whose_second_column_is_short_has_two_columns_all_the_same() -> None:
    both = [*column(filler(0), right=False), *column(filler(0), right=True)]
    last = [*column(filler(0), right=False), *column(prose("Il", "dormit."), right=True)]
    layout = measure([replace(page(number, both), width=490.0) for number in (1, 3, 5)])
    frame = layout.frame(replace(page(7, last), width=490.0))
    assert frame.split is not None
    assert frame.first.right < frame.split < 250.0
    assert layout.leading == LEADING
