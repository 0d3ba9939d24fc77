import pytest

from splitter.pages import Line, Page
from splitter.text_layer import PageKind, page_kind, reads_like_language

PROSE = "Il marchait depuis une heure sur la route blanche quand la pluie se mit à tomber."


def a_page(text: str, *, image: float = 0.0, drawings: int = 0, fault: str | None = None) -> Page:
    lines = tuple(Line(part) for part in text.split("\n") if part)
    return Page(1, 100.0, 200.0, lines, image, drawings, fault)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (a_page(PROSE), PageKind.TEXT),
        (a_page(""), PageKind.BLANK),
        (a_page("", image=0.9), PageKind.PICTURE),
        (a_page("", drawings=500), PageKind.PICTURE),
        (a_page("", drawings=3), PageKind.BLANK),
        (a_page("Digitized by Google", image=1.0), PageKind.PICTURE),
        (a_page(PROSE, image=1.0), PageKind.TEXT),
        (a_page("", fault="unreadable_page"), PageKind.PICTURE),
        (a_page("\ufffd\ufffd\ufffd\ufffd ab \ufffd\ufffd" * 5), PageKind.PICTURE),
        (a_page("(cid:12)(cid:7)(cid:44) " * 20), PageKind.PICTURE),
        (a_page("XQZRT GHKLM BCDFG PQRST VWXZB " * 4), PageKind.PICTURE),
        (a_page("I l m a r c h a i t d e p u i s u n e h e u r e s u r l a r o u t e b l a n c h e"), PageKind.PICTURE),
    ],
)
def test_a_page_is_text_a_picture_or_blank(page: Page, kind: PageKind) -> None:
    assert page_kind(page) is kind


def test_tables_of_contents_and_other_alphabets_are_language() -> None:
    assert reads_like_language("Chapitre premier . . . . . . . . . . . . . . . . . . . . 12\n" * 12)
    assert reads_like_language("Вечером мы вышли на дорогу и долго шли молча вдоль реки.")
    assert reads_like_language("XII")
