"""The signs of a printer, and the two settings about them, from a typeset book to its sentences."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from eval.measures.fidelity import Fidelity, fidelity, found_words, read_pdf
from feuilleton.contracts.job_settings import JobSettings
from feuilleton_sample.markup import Chapter, Paragraph, ParagraphKind
from feuilleton_sample.prints import STYLES, Foot, Heads, Print, print_book
from splitter.pages import ReadLimits
from splitter.pdf_reading import open_pdf, read_pages
from splitter.planning import BookText
from tests.integration.splitter.reading import NOVELS, read_book

NARROW = "short lines full of hyphens"
SIGNS = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ", "st": "ﬆ"}
LONG_S = re.compile(r"s(?=[a-zà-ÿœ])")
COMPOUNDS = (
    "peut-être",
    "c’est-à-dire",
    "dit-il",
    "demanda-t-elle",
    "au-dessus",
    "quelques-uns",
    "celui-là",
    "vis-à-vis",
)


def typeset(*texts: str) -> Print:
    """A chapter of short lines on one long page without a head."""
    chapter = Chapter("I", None, tuple(Paragraph(ParagraphKind.PROSE, text) for text in texts))
    style = replace(STYLES[NARROW], width_mm=60, height_mm=4_000, heads=Heads.NONE, foot=Foot.NONE)
    return print_book([chapter], style, author="Auteur", title="Titre", notes=())


def sentences(book: BookText) -> str:
    return " ".join(sentence.text for sentence in book.sentences)


def in_old_type(text: str) -> str:
    """With ligature signs, long s, accents apart, soft hyphens and the hyphens that never break."""
    for plain, sign in SIGNS.items():
        text = text.replace(plain, sign)
    text = LONG_S.sub("ſ", text)
    text = re.sub(r"\b([^\W_]{4})([^\W_]{4})", "\\1\u00ad\\2", text)
    return unicodedata.normalize("NFD", text.replace("-", "\u2011")).replace("\u202f", "\u2009")


@pytest.mark.parametrize("name", NOVELS)
def test_signs_of_old_type_become_the_letters_of_the_source(name: str, shared_data: Path) -> None:
    book = read_book(shared_data, name).excerpt
    old = [
        replace(chapter, paragraphs=tuple(replace(one, text=in_old_type(one.text)) for one in chapter.paragraphs))
        for chapter in book.chapters
    ]
    style = STYLES["heads of two sides, numbers at the foot"]
    made = print_book(old, style, author=book.author, title=book.title, notes=())
    assert any(sign in text for sign in "ﬁſ\u00ad\u0301\u2011" for text in made.paragraphs)
    source = [one.text for chapter in book.chapters for one in chapter.paragraphs]
    found = fidelity(made.pdf, source)
    assert found.word_accuracy >= 0.9995, found.differences[:10]
    assert found.whole_share >= 0.99


TYPED = (
    "«\u00a0L’été\u202f! dit-il\u00a0; c’est l’heure\u00a0: “viens”…\u00a0»",
    'Elle dit "non" et n\'en parla plus – jamais — à personne.',
)


def test_formatting_that_is_preserved_comes_back_sign_for_sign() -> None:
    book = read_pdf(typeset(*TYPED).pdf, JobSettings(preserve_formatting=True))
    assert sentences(book) == " ".join(TYPED)


def test_formatting_that_is_not_preserved_is_plain() -> None:
    book = read_pdf(typeset(*TYPED).pdf, JobSettings(preserve_formatting=False))
    assert sentences(book) == (
        "« L'été ! dit-il ; c'est l'heure : \"viens\"… » Elle dit \"non\" et n'en parla plus – jamais — à personne."
    )


@pytest.mark.parametrize("preserved", [True, False])
def test_no_sign_outside_the_documented_form_comes_out(preserved: bool, shared_data: Path) -> None:  # noqa: FBT001
    book = read_book(shared_data, "FRA02701_Maupassant").excerpt
    made = print_book(book.chapters, STYLES[NARROW], author=book.author, title=book.title, notes=())
    text = sentences(read_pdf(made.pdf, JobSettings(preserve_formatting=preserved)))
    spaces = set(re.findall(r"\s", text))
    quotes = set(re.findall(r"[‘’'“”\"]", text))
    assert (spaces, quotes) == (({" ", "\u00a0", "\u202f"}, {"’"}) if preserved else ({" "}, {"'"}))
    assert set(text) & set("«»…—") == set("«»…—")


@pytest.fixture(scope="module")
def broken(shared_data: Path) -> tuple[Print, Fidelity]:
    book = read_book(shared_data, "FRA02701_Maupassant").excerpt
    made = print_book(book.chapters, STYLES[NARROW], author=book.author, title=book.title, notes=())
    return made, fidelity(made.pdf, made.paragraphs)


def test_hyphens_that_are_not_fixed_stay_where_they_were_printed(broken: tuple[Print, Fidelity]) -> None:
    made, _ = broken
    source = " ".join(made.paragraphs)
    kept = sentences(read_pdf(made.pdf, JobSettings(fix_hyphenation=False)))
    assert kept.replace("-", "") == source.replace("-", "")
    assert kept.count("-") >= source.count("-") + 150


def test_hyphens_that_are_fixed_leave_those_of_the_source(broken: tuple[Print, Fidelity]) -> None:
    made, found = broken
    assert [word for word in found_words(found.book) if "-" in word] == [
        word for word in " ".join(made.paragraphs).split() if "-" in word
    ]


@pytest.mark.parametrize("compound", COMPOUNDS)
def test_a_compound_keeps_its_hyphens_wherever_its_line_ends(compound: str, tmp_path: Path) -> None:
    """Pushed along the line letter by letter, it is broken at each of its hyphens."""
    texts = [
        f"{letter * count} il marchait {count} fois vers la ville, {compound} encore {count} jours, merveilleusement."
        for letter in "nimo"
        for count in range(1, 40)
    ]
    made = typeset(*texts)
    at_line_ends = {line for line in _line_ends(made.pdf, tmp_path) if compound.startswith(line)}
    assert at_line_ends, "the print breaks it at a hyphen"
    found = sentences(read_pdf(made.pdf))
    assert found.count(compound) == len(texts)
    assert found.count("merveilleusement") == len(texts)


def _line_ends(pdf: bytes, folder: Path) -> list[str]:
    """The last words of lines that end in a hyphen, as printed."""
    path = folder / "lines.pdf"
    path.write_bytes(pdf)
    count = open_pdf(path, ReadLimits()).pages
    pages = read_pages(path, tuple(range(1, count + 1)), ReadLimits())
    return [line.text.split()[-1] for page in pages for line in page.lines if line.text.endswith("-")]
