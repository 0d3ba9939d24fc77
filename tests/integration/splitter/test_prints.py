"""The four novels in all the ways that printers have: words, sentences, paragraphs and chapters come back the same."""

from collections import Counter
from pathlib import Path

import pytest

from eval.measures.fidelity import Fidelity, fidelity, found_paragraphs
from feuilleton_sample.prints import STYLES, Heads, Print, print_book
from tests.integration.splitter.reading import NOVELS, Book, read_book

# Where nothing is indented, a page that begins with a full sentence does not say whether a paragraph begins there.
BLANK_LINES = "ragged lines, blank lines between paragraphs"


def printed(book: Book, style: str) -> Print:
    return print_book(book.chapters, STYLES[style], author=book.author, title=book.title, notes=book.notes)


def check(made: Print, found: Fidelity, *, word_accuracy: float, whole_share: float) -> None:
    assert found.word_accuracy >= word_accuracy, found.differences[:10]
    assert found.intruders == (), "a head, a number or a note stands in a sentence"
    assert found.whole_share >= whole_share
    assert len(found.book.chapters) == made.chapters
    assert found.book.pictures == ()


def whole_share(style: str) -> float:
    """The share of paragraphs that come back whole from a novel, at least. A stanza set from prose, whose sentence ends
    with the page, looks finished: nothing says whether the next page goes on with it.
    """
    if style == BLANK_LINES:
        return 0.95
    return 0.99 if STYLES[style].verse else 0.995


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", NOVELS)
def test_an_excerpt_comes_back_from_every_way_of_printing(name: str, style: str, shared_data: Path) -> None:
    made = printed(read_book(shared_data, name).excerpt, style)
    found = fidelity(made.pdf, made.paragraphs)
    check(made, found, word_accuracy=0.9995, whole_share=0.97 if style == BLANK_LINES else 0.99)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", NOVELS)
def test_a_whole_novel_comes_back_from_every_way_of_printing(name: str, style: str, shared_data: Path) -> None:
    made = printed(read_book(shared_data, name), style)
    found = fidelity(made.pdf, made.paragraphs)
    check(made, found, word_accuracy=0.9999, whole_share=whole_share(style))


@pytest.fixture(scope="module")
def full(shared_data: Path) -> tuple[Print, Fidelity]:
    """An excerpt with everything that a page may hold, and what was read of it."""
    made = printed(read_book(shared_data, "FRA02701_Maupassant").excerpt, "all of it")
    return made, fidelity(made.pdf, made.paragraphs)


def test_no_sentence_holds_a_head_or_a_note_and_none_ends_in_a_page_number(full: tuple[Print, Fidelity]) -> None:
    made, found = full
    assert len(made.notes) > 20
    assert STYLES["all of it"].heads is not Heads.NONE
    source = " ".join(made.paragraphs)
    for sentence in found.book.sentences:
        assert not any(note[:25] in sentence.text for note in made.notes)
        assert sentence.text in source, "a sentence is a piece of its source, sign for sign"
    for head in made.heads:
        texts = " ".join(sentence.text for sentence in found.book.sentences)
        assert texts.count(head) == source.count(head)


def test_paragraphs_are_joined_across_pages(full: tuple[Print, Fidelity]) -> None:
    made, found = full
    pages: dict[int, set[int]] = {}
    for sentence in found.book.sentences:
        pages.setdefault(sentence.paragraph, set()).add(sentence.page)
    across = [text for text, on in zip(found_paragraphs(found.book), pages.values(), strict=True) if len(on) > 1]
    assert len(across) >= 10
    assert not Counter(across) - Counter(made.paragraphs)


def test_the_measure_sees_what_does_not_belong_there_and_what_is_lost(full: tuple[Print, Fidelity]) -> None:
    made, found = full
    stray = fidelity(made.pdf, (*made.paragraphs[:40], *made.paragraphs[41:]))
    assert [one.found for one in stray.intruders] == [tuple(made.paragraphs[40].split())]
    lost = fidelity(made.pdf, (*made.paragraphs[:40], "Ces mots-là manquent.", *made.paragraphs[40:]))
    assert lost.wrong == 3
    assert lost.intruders == ()
    parted = fidelity(made.pdf, (f"{made.paragraphs[0]} {made.paragraphs[1]}", *made.paragraphs[2:]))
    assert parted.wrong == 0
    assert parted.whole == found.whole - 2
