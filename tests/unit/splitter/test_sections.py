"""Chapters, parts and what is no story, told from headings and the text under them."""

import time

import pytest

from feuilleton.contracts.documents import MatterKind
from splitter.chapter_words import SectionKind, chapter_value, part_rank, section_kind
from splitter.sections import CHAPTER_RANK, Section, arrange

BEFORE_ANY = Section("", 1, CHAPTER_RANK, 0)


def sections(*titles: str | tuple[str, int]) -> list[Section]:
    """A heading with its words (1,000 unless told), one a page."""
    pairs = [title if isinstance(title, tuple) else (title, 1000) for title in titles]
    made = [Section(title, 2 + at, _rank(title), words) for at, (title, words) in enumerate(pairs)]
    return [BEFORE_ANY, *made]


def _rank(title: str) -> int:
    rank = part_rank(title)
    return CHAPTER_RANK if rank is None else rank


def chapters(*titles: str | tuple[str, int], include_matter: bool = False) -> list[str]:
    return [one.title for one in arrange(sections(*titles), include_matter=include_matter).chapters]


def matter(*titles: str | tuple[str, int]) -> dict[str, MatterKind]:
    """What is no story, by its title."""
    held = sections(*titles)
    kinds = arrange(held, include_matter=False).matter
    return {one.title: kind for one, kind in zip(held, kinds, strict=True) if kind is not None}


def test_every_chapter_of_a_part_bears_its_title() -> None:
    assert chapters(("PREMIÈRE PARTIE", 0), "I", "II", ("DEUXIÈME PARTIE", 0), "I") == [
        "PREMIÈRE PARTIE — I",
        "PREMIÈRE PARTIE — II",
        "DEUXIÈME PARTIE — I",
    ]


def test_books_stand_inside_volumes() -> None:
    titles = (("TOME PREMIER", 0), ("LIVRE I", 0), "I", ("LIVRE II", 0), "I", ("TOME II", 0), "I")
    assert chapters(*titles) == [
        "TOME PREMIER — LIVRE I — I",
        "TOME PREMIER — LIVRE II — I",
        "TOME II — I",
    ]


def test_a_part_with_text_of_its_own_is_a_chapter() -> None:
    assert chapters("LIVRE I", "LIVRE II") == ["LIVRE I", "LIVRE II"]


def test_an_epilogue_is_in_no_part() -> None:
    assert chapters(("PREMIÈRE PARTIE", 0), "I", "ÉPILOGUE") == ["PREMIÈRE PARTIE — I", "ÉPILOGUE"]


def test_a_heading_without_text_joins_the_next_and_none_is_made_of_the_last() -> None:
    assert chapters(("I", 0), "La rentrée", ("II", 0)) == ["I — La rentrée"]


def test_the_books_title_printed_before_a_part_is_no_chapters() -> None:
    assert chapters(("MADAME BOVARY", 0), ("PREMIÈRE PARTIE", 0), "I") == ["PREMIÈRE PARTIE — I"]


def test_a_chapter_begins_on_the_page_of_the_part_before_it() -> None:
    first, second = arrange(sections(("PREMIÈRE PARTIE", 0), "I", "II"), include_matter=False).chapters
    assert (first.page, second.page) == (2, 4)


@pytest.mark.parametrize(
    "title",
    [
        "PRÉFACE",
        "Préface de l’éditeur",
        "AVANT-PROPOS",
        "Avertissement au lecteur",
        "INTRODUCTION",
        "Note de l’éditeur",
    ],
)
def test_what_an_editor_says_before_the_first_chapter_is_a_preface(title: str) -> None:
    assert matter((title, 300), "I", "II") == {title: MatterKind.PREFACE}
    assert chapters((title, 300), "I", "II") == ["I", "II"]
    assert chapters((title, 300), "I", "II", include_matter=True) == [title, "I", "II"]


def test_notes_and_what_the_publisher_adds_are_known_behind_the_last_chapter() -> None:
    found = matter("I", "II", ("POSTFACE", 200), ("NOTES", 300), ("Du même auteur", 50))
    assert found == {
        "POSTFACE": MatterKind.PUBLISHER,
        "NOTES": MatterKind.NOTES,
        "Du même auteur": MatterKind.PUBLISHER,
    }


def test_what_follows_the_word_fin_is_the_publishers() -> None:
    assert matter("I", "II", ("FIN", 40), ("Bonnes lectures", 60)) == {
        "FIN": MatterKind.PUBLISHER,
        "Bonnes lectures": MatterKind.PUBLISHER,
    }


@pytest.mark.parametrize(
    "titles",
    [
        (("PRÉFACE", 900), "I", "II"),  # a third of the book
        (("PRÉFACE", 300), "II", "III"),  # the first chapter is under it
        (("PRÉFACE", 300), "DEUXIÈME PARTIE", "I"),
        (("PRÉFACE", 300), ("La rentrée", 1000)),  # no chapter names itself
        ("I", ("INTRODUCTION", 300), "II"),  # inside the story
        ("I", ("NOTES", 300), "II"),
        ("I", "II", ("NOTES", 4000)),  # a diary, more likely
        ("I", ("FIN DE LA PREMIÈRE PARTIE", 100), "II"),
        ("I", "II", ("FIN", 1000)),  # too long for a catalogue
        ("PROLOGUE", "I", "ÉPILOGUE"),
        (("Le départ", 500), "I", "II"),
    ],
)
def test_without_a_clear_sign_nothing_is_left_out(titles: tuple[str | tuple[str, int], ...]) -> None:
    assert matter(*titles) == {}


def test_what_stands_before_any_heading_is_kept() -> None:
    held = [Section("", 1, CHAPTER_RANK, 500), *sections(("PRÉFACE", 100), "I", "II")[1:]]
    arranged = arrange(held, include_matter=False)
    assert arranged.matter[0] is None
    assert arranged.numbers == (0, 0, 1, 2)


def test_the_end_of_a_part_is_no_chapter() -> None:
    assert chapters("I", ("FIN DE LA PREMIÈRE PARTIE", 0), "II", ("FIN", 0)) == ["I", "II"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Chapitre IV", SectionKind.STORY),
        ("III — Où l’on part", SectionKind.STORY),
        ("Épilogue", SectionKind.STORY),
        ("P R É F A C E", SectionKind.BEFORE),
        ("Préface de la seconde édition", SectionKind.BEFORE),
        ("Notes et variantes", SectionKind.NOTES),
        ("FIN.", SectionKind.END),
        ("Fin du tome premier", SectionKind.END),
        ("La fin du voyage", SectionKind.TITLE),
        ("Le départ", SectionKind.TITLE),
        ("Introduction du loup dans la bergerie où dormaient les moutons blancs", SectionKind.TITLE),
    ],
)
def test_a_title_says_what_it_opens(title: str, kind: SectionKind) -> None:
    assert section_kind(title) is kind


def test_numbers_of_chapters_are_read_in_every_form() -> None:
    values = {
        "IV": 4,
        "Chapitre 12": 12,
        "CHAPITRE PREMIER": 1,
        "Première partie": 1,
        "XII. Le départ": 12,
        "Seconde partie": 2,
    }
    assert {title: chapter_value(title) for title in values} == values
    assert chapter_value("Le départ") is None


def test_a_title_without_end_is_read_in_a_moment() -> None:
    started = time.process_time()
    for letters in ("a" * 180, "a " * 90, "d’" * 90, "aa." * 60):
        section_kind(f"Préface de {letters}!")
        section_kind(f"Notes sur {letters}!")
    assert time.process_time() - started < 0.2
