"""Text layers of bad recognition: recognised by the share of known words, and no other text taken for one."""

import pytest

from feuilleton.contracts.job_settings import JobSettings
from splitter.lexicon import french_words, other_words
from splitter.pages import Page
from splitter.planning import read_book
from splitter.text_layer import PageKind, TextLayers, judge_pages, known_share
from tests.unit.splitter.bad_recognition import a_scan, badly_read, sample_words

ENGLISH = (
    "The boy looked across the river towards the old house where his mother had been waiting since morning and thought "
    "about the letter which nobody would ever answer because the writer himself had forgotten what question there was "
    "between them after such a long and quiet winter full of heavy rain and broken windows near the harbour"
)
LATIN = (
    "Gallia est omnis divisa in partes tres quarum unam incolunt Belgae aliam Aquitani tertiam qui ipsorum lingua "
    "Celtae nostra Galli appellantur hi omnes lingua institutis legibus inter se differunt Gallos ab Aquitanis Garumna "
    "flumen a Belgis Matrona et Sequana dividit horum omnium fortissimi sunt Belgae propterea quod a cultu"
)
VERSE = (
    "Qui part tard arrive tôt,\nSur l’eau que la lune touche,\nEt la rame et le bateau\nFont silence bouche à bouche.\n"
    * 8
)
NAMES = (
    "Emma, Charles, Rodolphe, Léon, Homais, Lheureux, Binet, Bournisien, Hippolyte, Félicité et Berthe dînaient. " * 6
)


def page_of(number: int, rate: float = 0.0, *, image: float = 1.0) -> Page:
    return a_scan(number, badly_read(" ".join(sample_words(number)), rate, seed=number), image=image)


def judge(*pages: Page) -> TextLayers:
    return judge_pages(pages, french_words(), other_words)


@pytest.mark.parametrize(("rate", "share"), [(0.0, 0.95), (0.03, 0.87), (0.08, 0.73), (0.25, 0.35)])
def test_the_share_of_known_words_falls_as_more_letters_are_wrong(rate: float, share: float) -> None:
    found = known_share(page_of(1, rate).text, french_words())
    assert found == pytest.approx(share, abs=0.06)


@pytest.mark.heavy
def test_a_scan_with_bad_text_is_doubtful_and_told() -> None:
    found = judge(page_of(1), page_of(2, 0.08), page_of(3))
    assert found.bad == (2,)
    assert [found.kinds[number] for number in (1, 2, 3)] == [PageKind.TEXT, PageKind.DOUBTFUL, PageKind.TEXT]


@pytest.mark.heavy
def test_a_scan_whose_text_is_mostly_wrong_is_better_read_from_its_image_alone() -> None:
    found = judge(page_of(1, 0.3))
    assert (found.kinds[1], found.bad) == (PageKind.PICTURE, (1,))


def test_bad_text_without_an_image_behind_it_is_told_and_used() -> None:
    found = judge(page_of(1, 0.08, image=0.0))
    assert (found.kinds[1], found.bad) == (PageKind.TEXT, (1,))


def test_a_page_with_few_words_is_as_bad_as_its_book() -> None:
    bad = [page_of(number, 0.08) for number in range(1, 5)]
    short = a_scan(5, "Fiu clu premicr tonie de ce livrc")
    assert judge(*bad, short).kinds[5] is PageKind.DOUBTFUL
    assert judge(page_of(1), page_of(2), short).kinds[5] is PageKind.TEXT


@pytest.mark.parametrize("text", [ENGLISH, LATIN, VERSE, NAMES], ids=["english", "latin", "verse", "names"])
def test_another_language_verse_and_names_are_no_bad_recognition(text: str) -> None:
    found = judge(a_scan(1, text, image=0.0))
    assert (found.kinds[1], found.bad) == (PageKind.TEXT, ())


def test_english_over_a_scan_is_no_bad_recognition_of_french() -> None:
    assert judge(a_scan(1, ENGLISH)).bad == ()


def test_a_font_map_that_shifts_letters_makes_no_text() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    shifted = str.maketrans(letters, letters[4:] + letters[:4])
    page = a_scan(1, " ".join(sample_words(1)).translate(shifted), image=0.0)
    assert judge(page).kinds[1] is PageKind.PICTURE


def test_other_word_lists_are_asked_only_where_french_knows_little() -> None:
    def never() -> dict[str, frozenset[str]]:
        raise AssertionError

    assert judge_pages([page_of(1), page_of(2)], french_words(), never).bad == ()


def halves(*pages: Page) -> list[str]:
    book = read_book(pages, (), JobSettings())
    return [one.text for one in book.sentences if one.cut_by_page]


def told(number: int, before: str, behind: str, *, image: float = 1.0) -> Page:
    """A page that is read well, with these words at its head and at its foot."""
    return a_scan(number, f"{before} Et {' '.join(sample_words(number))}. {behind}", image=image)


UNREADABLE = Page(2, 280.0, 420.0, image_share=1.0)


def test_half_a_sentence_beside_a_page_without_text_is_told() -> None:
    first = told(1, "Il dormait.", "Enfin il marchait vers la")
    assert halves(first, UNREADABLE, told(3, "ville endormie.", "Il dort.")) == [
        "Enfin il marchait vers la",
        "ville endormie.",
    ]


def test_whole_sentences_beside_a_page_without_text_are_whole() -> None:
    assert halves(told(1, "Il dormait.", "Elle aussi !"), UNREADABLE, told(3, "Ils dorment.", "Il dort.")) == []


def test_half_a_sentence_that_began_a_page_earlier_is_told() -> None:
    first, second = told(1, "Il dormait.", "Enfin il marchait"), a_scan(2, "vers la ville où il avait")
    pages = first, second, Page(3, 280.0, 420.0, image_share=1.0), told(4, "Ils dorment.", "Il dort.")
    assert halves(*pages) == ["Enfin il marchait vers la ville où il avait"]


def test_half_a_sentence_before_pages_that_end_the_book_is_told() -> None:
    assert halves(told(1, "Il dormait.", "Enfin il marchait vers la"), UNREADABLE) == ["Enfin il marchait vers la"]


def test_a_sentence_over_a_plate_is_whole_and_so_is_one_at_the_end_of_the_book() -> None:
    first, last = told(1, "Il dormait.", "Enfin il marchait vers la", image=0.0), "Fin du premier volume"
    assert halves(first, UNREADABLE, told(3, "ville endormie.", last, image=0.0)) == []


def test_half_a_sentence_beside_a_page_that_may_be_read_anew_is_told() -> None:
    first, third = told(1, "Il dormait.", "Enfin il marchait vers la"), told(3, "ville endormie.", "Il dort.")
    found = halves(first, page_of(2, 0.08), third)
    assert "Enfin il marchait vers la" in found
    assert "ville endormie." in found


def test_no_paragraph_goes_on_into_a_page_that_may_be_read_anew() -> None:
    pages = [page_of(1), page_of(2, 0.08), page_of(3)]
    book = read_book(pages, (), JobSettings())
    assert (book.doubtful, book.bad_ocr, book.pictures) == ((2,), (2,), ())
    paragraphs = {page: {one.paragraph for one in book.sentences if one.page == page} for page in (1, 2, 3)}
    assert paragraphs[1] & paragraphs[2] == paragraphs[2] & paragraphs[3] == set()


@pytest.mark.parametrize(("image", "joined"), [(0.0, True), (1.0, False)], ids=["a plate in a book", "a scan of scans"])
def test_a_sentence_goes_on_over_a_plate_but_not_over_a_scan_among_scans(image: float, *, joined: bool) -> None:
    before = a_scan(1, " ".join([*sample_words(1), "Il marchait vers la"]), image=image)
    behind = a_scan(3, " ".join(["ville endormie.", *sample_words(3)]), image=image)
    book = read_book([before, Page(2, 280.0, 420.0, image_share=1.0), behind], (), JobSettings())
    assert book.pictures == (2,)
    assert any("Il marchait vers la ville endormie." in one.text for one in book.sentences) is joined
