"""Footnotes that are hard to tell: cut by the end of a page, called at the edge of a line, numbered high."""

import pytest

from feuilleton.french.hyphenation import Vocabulary
from splitter.layout import measure
from splitter.pages import Line, Page
from splitter.structure import ParagraphKind, find_structure
from tests.unit.splitter.printed import line, page, prose


def texts(*pages: Page, kind: ParagraphKind = ParagraphKind.TEXT) -> list[str]:
    found = find_structure(pages, (), measure(pages), Vocabulary(), fix_hyphenation=True)
    return [one.text for one in found.paragraphs if one.kind is kind]


def notes(*pages: Page) -> list[str]:
    return texts(*pages, kind=ParagraphKind.NOTE)


def filler() -> list[Line]:
    return [one for row in range(0, 20, 2) for one in prose("Une ligne pleine", "et une courte.", first_row=row)]


def small(text: str, row: float, *, indent: float = 0.0, full: bool = False) -> Line:
    return line(text, row, size=8.0, indent=indent, full=full)


def called(note: Line, *more: Line) -> Page:
    return page(1, [*filler(), line("Un mot¹ encore.", 20, indent=12), note, *more])


def test_a_note_cut_where_a_sentence_ends_goes_on_if_the_next_word_had_no_room() -> None:
    first = called(small("¹ Elle emplit la première page jusqu’au bord.", 23, full=True))
    second = page(2, [*filler(), small("Puis elle va plus loin.", 23), small("² Une autre.", 24, indent=8)])
    assert notes(first, second) == [
        "Elle emplit la première page jusqu’au bord. Puis elle va plus loin.",
        "Une autre.",
    ]


def test_small_type_behind_a_finished_note_is_text() -> None:
    first = called(small("¹ Elle est finie.", 23))
    letter = small("Mon cher ami, je pars.", 23)
    assert letter.text in texts(first, page(2, [*filler(), letter]))


def test_a_paragraph_of_small_type_is_no_rest_of_a_note_that_fills_its_line() -> None:
    first = called(small("¹ Elle emplit sa dernière ligne jusqu’au bord.", 23, full=True))
    letter = small("Mon cher ami, je pars.", 23, indent=8)
    assert letter.text in texts(first, page(2, [*filler(), letter]))


def test_a_note_that_ends_without_a_mark_on_a_short_line_is_finished() -> None:
    first = called(small("¹ Stendhal, t. II", 23))
    letter = small("Mon cher ami, je pars.", 23)
    assert letter.text in texts(first, page(2, [*filler(), letter]))


def test_a_note_goes_on_in_small_letters_behind_a_closing_mark() -> None:
    first = called(small("¹ « Un temple »", 23))
    second = page(2, [*filler(), small("ou « des ruines ».", 23)])
    assert notes(first, second) == ["« Un temple » ou « des ruines »."]


def test_a_call_that_was_carried_to_the_next_line_is_no_text() -> None:
    lines = [*filler(), *prose("Il éteignit… et dit :", "⁷ Et vous, l’ancien ?", first_row=20)]
    assert "Il éteignit… et dit : Et vous, l’ancien ?" in texts(page(1, lines))


@pytest.mark.parametrize("sign", ["¹⁰⁰⁰", "(1000)", "[1234]"])
def test_notes_may_be_numbered_above_999(sign: str) -> None:
    assert notes(called(small(f"{sign} La millième.", 23))) == ["La millième."]
