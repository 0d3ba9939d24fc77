from collections.abc import Sequence

from feuilleton.french.hyphenation import Vocabulary
from splitter.layout import measure
from splitter.pages import Line, OutlineEntry, Page
from splitter.structure import ParagraphKind, Structure, find_structure
from tests.unit.splitter.printed import LEADING, LEFT, RIGHT, centred, line, page, prose


def structure(*pages: Page, outline: Sequence[OutlineEntry] = ()) -> Structure:
    return find_structure(pages, outline, measure(pages), Vocabulary(), fix_hyphenation=True)


def texts(found: Structure, kind: ParagraphKind = ParagraphKind.TEXT) -> list[str]:
    """Of the story; what is none is in `matter_of`."""
    return [one.text for one in found.paragraphs if one.kind is kind and one.matter is None]


def filler(number: int, rows: int = 20) -> list[Line]:
    """Enough paragraphs of the book's usual shape for its measures to be known."""
    return [
        one
        for row in range(0, rows, 2)
        for one in prose(f"Ligne {number}.{row} pleine", f"et {number}.{row} courte.", first_row=row)
    ]


def test_an_indent_opens_a_paragraph() -> None:
    found = structure(page(1, [*prose("Un un un", "un un."), *prose("Deux deux", "deux.", first_row=2)]))
    assert texts(found) == ["Un un un un un.", "Deux deux deux."]


def test_a_paragraph_goes_on_over_the_page_and_keeps_both_pages() -> None:
    first = page(1, [*filler(1), line("Il marchait vers la", 20, indent=12, full=True)])
    second = page(2, [line("ville endormie.", 0), *filler(2)])
    found = structure(first, second)
    paragraph = next(one for one in found.paragraphs if one.text.startswith("Il marchait"))
    assert paragraph.text == "Il marchait vers la ville endormie."
    assert paragraph.page_at(0) == 1
    assert paragraph.page_at(paragraph.text.index("ville")) == 2


def test_a_word_broken_at_the_end_of_a_page_is_whole_and_begins_on_its_first_page() -> None:
    first = page(1, [*filler(1), line("Il regardait la mer-", 20, indent=12, full=True)])
    found = structure(first, page(2, [line("veille sans y croire.", 0), *filler(2)]))
    assert "Il regardait la merveille sans y croire." in texts(found)


def test_a_line_that_stopped_short_closes_its_paragraph_where_there_are_no_indents() -> None:
    lines = [line("Une ligne pleine qui va au bout", 0, full=True), line("et finit.", 1), line("Une autre.", 2)]
    assert texts(structure(page(1, lines))) == ["Une ligne pleine qui va au bout et finit.", "Une autre."]


def test_a_blank_line_opens_a_paragraph() -> None:
    lines = [line("Un premier, jusqu’au bout.", 0, full=True), line("Un second, jusqu’au bout.", 2, full=True)]
    more = [line(f"Ligne {n} pleine", 3 + n, full=True) for n in range(6)]
    assert texts(structure(page(1, [*lines, *more])))[0] == "Un premier, jusqu’au bout."


def test_the_verses_of_a_stanza_stay_together_and_stanzas_apart() -> None:
    verses = ["Qui part tard arrive tôt,", "Sur l’eau que la lune touche", "Et la rame et le bateau", "Font silence."]
    stanza = [line(text, 20 + n, indent=30) for n, text in enumerate(verses)]
    second = [line(text, 25 + n, indent=30) for n, text in enumerate(["Passe, passeur,", "Passe encore."])]
    found = texts(structure(page(1, [*filler(1), *stanza, *second])))
    assert " ".join(verses) in found
    assert "Passe, passeur, Passe encore." in found


def test_a_salutation_is_no_verse() -> None:
    letter = [
        line("Monsieur le Directeur,", 20, indent=12),
        *prose("Un mot pour vous dire que tout", "va bien ici.", first_row=21),
    ]
    found = texts(structure(page(1, [*filler(1), *letter])))
    assert "Monsieur le Directeur," in found


def chapter_page(number: int, *heading: Line) -> Page:
    return page(number, [*heading, *prose("Le jour se lève sur", "la ville.", first_row=8), *filler(number, 8)])


def test_chapters_are_found_by_word_number_and_type() -> None:
    found = structure(
        page(1, filler(1)),
        chapter_page(2, centred("CHAPITRE PREMIER", 0)),
        chapter_page(3, centred("II", 0, size=14)),
        chapter_page(4, centred("III", 0), centred("Où l’on part", 3)),
        chapter_page(5, centred("La fin du voyage", 0, size=16)),
        page(6, filler(6)),
    )
    assert [(one.number, one.title, one.page) for one in found.chapters] == [
        (1, "CHAPITRE PREMIER", 2),
        (2, "II", 3),
        (3, "III — Où l’on part", 4),
        (4, "La fin du voyage", 5),
    ]
    assert not any(one.title in text for one in found.chapters for text in texts(found))
    assert {one.chapter for one in found.paragraphs} == {0, 1, 2, 3, 4}


def test_a_part_on_its_own_page_joins_its_first_chapter() -> None:
    part = page(2, [centred("DEUXIÈME PARTIE", 5, size=18)])
    found = structure(page(1, filler(1)), part, chapter_page(3, centred("I", 0, size=14)), page(4, filler(4)))
    assert [(one.title, one.page) for one in found.chapters] == [("DEUXIÈME PARTIE — I", 2)]


def test_the_outline_names_a_chapter_that_the_page_does_not() -> None:
    found = structure(page(1, filler(1)), page(2, filler(2)), outline=[OutlineEntry(0, "Le réveil", 2)])
    assert [(one.title, one.page) for one in found.chapters] == [("Le réveil", 2)]


def test_a_number_inside_the_text_opens_no_chapter() -> None:
    lines = [*filler(1), line("I", 20, indent=12), line("était gravé sur la porte.", 21, full=True)]
    assert structure(page(1, lines)).chapters == ()


def small(text: str, row: float) -> Line:
    return line(text, row, size=8.0)


def test_a_footnote_stands_apart_behind_the_paragraph_that_it_interrupts() -> None:
    first = page(
        1,
        [
            *filler(1),
            line("Il ouvrit le feuilleton¹ et lut", 20, indent=12, full=True),
            small("¹ Le bas d’un journal.", 23),
        ],
    )
    found = structure(first, page(2, [line("jusqu’au soir.", 0), *filler(2)]))
    assert "Il ouvrit le feuilleton et lut jusqu’au soir." in texts(found)
    assert texts(found, ParagraphKind.NOTE) == ["Le bas d’un journal."]


def test_a_note_goes_on_at_the_foot_of_the_next_page() -> None:
    first = page(1, [*filler(1), line("Un mot².", 20, indent=12), small("² Une note qui ne tient pas sur", 23)])
    second = page(2, [*filler(2), small("une seule page.", 23)])
    assert texts(structure(first, second), ParagraphKind.NOTE) == ["Une note qui ne tient pas sur une seule page."]


def test_small_type_without_a_sign_is_text() -> None:
    found = structure(page(1, [*filler(1), small("Signé : la veuve Pruvot.", 23)]))
    assert "Signé : la veuve Pruvot." in texts(found)
    assert texts(found, ParagraphKind.NOTE) == []


def test_exponents_are_no_calls_of_notes() -> None:
    found = structure(page(1, [*filler(1), *prose("Un champ de 30 m² et", "de 10³ pas.", first_row=20)]))
    assert "Un champ de 30 m² et de 10³ pas." in texts(found)


def test_title_page_imprint_and_contents_are_no_text() -> None:
    title = page(1, [centred("LE ROMAN", 5, size=24), centred("Éditions du Quai", 30)])
    imprint = page(2, [line("© 1889, Éditions du Quai. Tous droits réservés.", 25)])
    contents = page(
        5, [centred("Table des matières", 0), *(line(f"Chapitre {n} . . . . . . {n * 9}", 3 + n) for n in range(1, 9))]
    )
    found = structure(title, imprint, chapter_page(3, centred("CHAPITRE I", 0)), page(4, filler(4)), contents)
    assert not any(word in text for text in texts(found) for word in ("ROMAN", "Quai", ". . ."))


def test_a_drop_cap_belongs_to_its_word() -> None:
    cap = Line("L", LEFT, LEFT + 20, 60.0 + LEADING, 28.0)
    opening = [
        cap,
        Line("e vent se leva sur la plaine et sur", LEFT + 22, RIGHT, 60.0, 10.0),
        Line("la mer, puis tomba.", LEFT + 22, 160.0, 60.0 + LEADING, 10.0),
    ]
    rest = [line(one.text, 3 + n, indent=one.left - LEFT, full=one.right == RIGHT) for n, one in enumerate(filler(1))]
    assert texts(structure(page(1, [*opening, *rest])))[0] == "Le vent se leva sur la plaine et sur la mer, puis tomba."


def column(left: float, name: str) -> list[Line]:
    """Four paragraphs of three lines."""
    rows = [(8.0, 110.0, f"{name} une ligne"), (0.0, 110.0, "qui continue là"), (0.0, 60.0, "et finit.")]
    return [
        Line(text, left + indent, left + width, 60.0 + 12 * (3 * n + at), 10.0)
        for n in range(4)
        for at, (indent, width, text) in enumerate(rows)
    ]


def test_two_columns_are_read_one_after_the_other() -> None:
    found = texts(structure(page(1, [*column(20.0, "Gauche"), *column(150.0, "Droite")])))
    assert len(found) == 8
    assert all("Gauche" in text for text in found[:4])
    assert all("Droite" in text for text in found[4:])


def test_a_book_of_nothing_has_no_structure() -> None:
    assert structure() == Structure((), ())
    assert structure(page(1, [])) == Structure((), ())
