"""What of a printed book is told and what is left out, page by page; with and without `include_matter`."""

from collections.abc import Sequence

from feuilleton.contracts.documents import LeftOut, MatterKind
from feuilleton.contracts.job_settings import JobSettings
from splitter.matter import gather
from splitter.pages import Line, OutlineEntry, Page
from splitter.planning import BookText, read_book
from tests.unit.splitter.printed import centred, line, page, prose

MOST = JobSettings(include_matter=True)


def story(number: int, rows: int = 24, first_row: int = 6) -> list[Line]:
    """Paragraphs of two lines whose words tell their page."""
    return [
        one
        for row in range(0, rows, 2)
        for one in prose(
            f"Le passeur numéro {number} menait sa barque {row}",
            "vers la rive où dormait la ville.",
            first_row=first_row + row,
        )
    ]


def chapter(number: int, title: str) -> Page:
    return page(number, [centred(title, 0), *story(number)])


def a_page(number: int) -> Page:
    return page(number, story(number, first_row=0))


def preface(number: int, title: str = "PRÉFACE") -> Page:
    words = prose("L’auteur de ce livre naquit à Rouen et", "mourut sans l’avoir achevé.", first_row=6)
    return page(number, [centred(title, 0), *words])


TITLE = page(1, [centred("LE DERNIER PASSEUR", 5, size=24), centred("roman", 12)])
IMPRINT = page(2, [line("© 1889, Éditions du Quai. Tous droits réservés.", 25)])
CONTENTS = page(
    9, [centred("Table des matières", 0), *(line(f"Chapitre {n} . . . . . . {n * 9}", 3 + n) for n in range(1, 9))]
)
BOOK = (
    TITLE,
    IMPRINT,
    preface(3),
    chapter(4, "I"),
    a_page(5),
    chapter(6, "II"),
    a_page(7),
    page(8, [centred("NOTES", 0), *prose("Page 4 : le passeur est celui qui", "mène les gens.", first_row=6)]),
    CONTENTS,
)


def read(*pages: Page, settings: JobSettings | None = None, outline: Sequence[OutlineEntry] = ()) -> BookText:
    return read_book(pages, outline, settings or JobSettings())


def told(book: BookText) -> str:
    return " ".join(sentence.text for sentence in book.sentences)


def left_out(book: BookText) -> dict[MatterKind, LeftOut]:
    return {one.kind: one for one in gather(book.left_out)}


def test_what_stands_around_the_story_is_left_out_and_told_by_kind_pages_and_words() -> None:
    book = read(*BOOK)
    assert {sentence.page for sentence in book.sentences} == {4, 5, 6, 7}
    assert [one.title for one in book.chapters] == ["I", "II"]
    found = left_out(book)
    assert {kind: one.pages for kind, one in found.items()} == {
        MatterKind.TITLE: (1,),
        MatterKind.IMPRINT: (2,),
        MatterKind.PREFACE: (3,),
        MatterKind.NOTES: (8,),
        MatterKind.CONTENTS: (9,),
    }
    assert found[MatterKind.PREFACE].words == 12
    assert found[MatterKind.TITLE].words == 4


def test_include_matter_reads_all_of_it_but_the_contents() -> None:
    book = read(*BOOK, settings=MOST)
    assert {sentence.page for sentence in book.sentences} == {1, 2, 3, 4, 5, 6, 7, 8}
    assert [one.title for one in book.chapters] == ["PRÉFACE", "I", "II", "NOTES"]
    assert {sentence.chapter for sentence in book.sentences if sentence.page == 3} == {1}
    assert set(left_out(book)) == {MatterKind.CONTENTS}


def test_include_matter_adds_to_the_story_and_takes_nothing_from_it() -> None:
    story_alone, everything = read(*BOOK), read(*BOOK, settings=MOST)
    assert [one.text for one in everything.sentences if one.page in range(4, 8)] == [
        one.text for one in story_alone.sentences
    ]


def with_footnote() -> tuple[Page, Page]:
    last = line("Il ouvrit le feuilleton¹ et lut", 22, indent=12, full=True)
    first = page(4, [centred("I", 0), *story(4, rows=16), last, line("¹ Le bas d’un journal.", 26, size=8.0)])
    return first, page(5, [line("jusqu’au soir.", 0), *story(5, first_row=1)])


def test_a_footnote_is_left_out_or_a_paragraph_behind_the_one_that_it_interrupts() -> None:
    pages = (*with_footnote(), chapter(6, "II"))
    book, everything = read(*pages), read(*pages, settings=MOST)
    assert "Il ouvrit le feuilleton et lut jusqu’au soir." in [one.text for one in book.sentences]
    assert "journal" not in told(book)
    assert left_out(book)[MatterKind.FOOTNOTES] == LeftOut(kind=MatterKind.FOOTNOTES, pages=(4,), words=4)
    texts = [one.text for one in everything.sentences]
    at = texts.index("Le bas d’un journal.")
    interrupted, note = everything.sentences[at - 1], everything.sentences[at]
    assert interrupted.text == "Il ouvrit le feuilleton et lut jusqu’au soir."
    assert note.paragraph == interrupted.paragraph + 1 != everything.sentences[at + 1].paragraph
    assert (note.page, note.chapter) == (4, interrupted.chapter)


def test_a_book_without_named_chapters_keeps_all_its_text() -> None:
    pages = (page(1, prose("Un mot pour", "le lecteur.")), preface(2), a_page(3), a_page(4))
    assert {sentence.page for sentence in read(*pages).sentences} == {1, 2, 3, 4}


def test_a_short_last_page_of_a_first_chapter_without_heading_is_story() -> None:
    short = page(4, prose("Il s’endormit sur la rive et ne", "rêva de rien."))
    book = read(TITLE, a_page(2), a_page(3), short, chapter(5, "II"), a_page(6))
    assert {sentence.page for sentence in book.sentences} == {2, 3, 4, 5, 6}
    assert set(left_out(book)) == {MatterKind.TITLE}


def test_an_imprint_behind_the_last_chapter_is_no_story() -> None:
    colophon = page(6, prose("Achevé d’imprimer en mai 1889 sur les presses", "de la maison du Quai."))
    book = read(chapter(2, "I"), a_page(3), chapter(4, "II"), a_page(5), colophon)
    assert left_out(book)[MatterKind.IMPRINT].pages == (6,)
    assert {sentence.page for sentence in book.sentences} == {2, 3, 4, 5}


def test_the_other_works_of_an_author_are_the_publishers() -> None:
    works = page(2, [centred("DU MÊME AUTEUR", 0), *(line(f"Un autre roman, le numéro {n}", 3 + n) for n in range(16))])
    book = read(TITLE, works, chapter(3, "I"), a_page(4), chapter(5, "II"))
    assert left_out(book)[MatterKind.PUBLISHER].pages == (2,)


def test_the_outline_alone_names_a_preface_too() -> None:
    pages = (page(1, prose("L’auteur naquit à Rouen et", "y mourut.")), a_page(2), a_page(3), a_page(4))
    outline = [OutlineEntry(0, "Préface", 1), OutlineEntry(0, "Chapitre 1", 2), OutlineEntry(0, "Chapitre 2", 4)]
    book = read(*pages, outline=outline)
    assert [one.title for one in book.chapters] == ["Chapitre 1", "Chapitre 2"]
    assert left_out(book)[MatterKind.PREFACE].pages == (1,)


def test_every_sentence_has_page_chapter_and_paragraph() -> None:
    pages = (chapter(1, "I"), a_page(2), chapter(3, "II"))
    sentences = read(*pages).sentences
    assert [one.page for one in sentences] == sorted(one.page for one in sentences)
    assert {(one.page, one.chapter) for one in sentences} == {(1, 1), (2, 1), (3, 2)}
    assert [one.paragraph for one in sentences] == list(range(36))


def test_speech_is_told_from_narration() -> None:
    speech = [line("— Où allez-vous donc si tard, Monsieur ?", 30, indent=12)]
    sentences = read(page(1, [centred("I", 0), *story(1), *speech])).sentences
    assert [one.text for one in sentences if one.dialogue] == ["— Où allez-vous donc si tard, Monsieur ?"]
