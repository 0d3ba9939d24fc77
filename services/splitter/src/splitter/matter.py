"""What stands around the story: title pages, imprint, contents, prefaces, notes, what the publisher adds. Pure.

To lose a page of the story is far worse than to keep a preface: something is left out only on a clear sign, and a book
in which no chapter names itself keeps everything but its contents.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from feuilleton.contracts.documents import LeftOut, MatterKind
from splitter.chapter_words import close_up
from splitter.pages import Page

_FRONT_PAGES = 10  # front matter is looked for among these only
_BACK_PAGES = 6
_FRONT_WORDS = 60  # a title, a dedication, an epigraph: a preface has more
_FRONT_LINES = 12
_CONTENTS = re.compile(r"^(?:table(?: des (?:matières|chapitres))?|sommaire)\.?$", re.IGNORECASE)
_ENTRY = re.compile(r"(?:[\s.·_…]{3,}|\s)\d{1,4}$|[.·_…]{4,}")
_LED_ENTRY = re.compile(r"(?:\s?[.·_…]){4,}\s*\d{1,4}$")
_ENTRY_CHARACTERS = 200  # of the end of a line are looked at
_ENTRY_SHARE = 0.5
_FEWEST_ENTRIES = 4  # under no heading
_IMPRINT = re.compile(
    r"\bISBN\b|©|\bcopyright\b|\bdépôt légal\b|\bachevé d.imprimer\b|\btous droits\b|\bimprimé en\b", re.IGNORECASE
)
_IMPRINT_WORDS = 250
_OTHER_WORKS = re.compile(r"^(?:du même auteur|ouvrages? du même auteur|dans la même collection)\b", re.IGNORECASE)


@dataclass(frozen=True)
class LeftOutText:
    """Words of one page that are no part of the story."""

    kind: MatterKind
    page: int
    words: int


def gather(parts: Iterable[LeftOutText]) -> tuple[LeftOut, ...]:
    """The parts by kind, in the order of the kinds."""
    held = list(parts)
    found: list[LeftOut] = []
    for kind in MatterKind:
        own = [part for part in held if part.kind is kind]
        if own:
            pages = tuple(sorted({part.page for part in own}))
            found.append(LeftOut(kind=kind, pages=pages, words=sum(part.words for part in own)))
    return tuple(found)


def matter_pages(pages: Sequence[Page], story: tuple[int, int] | None) -> dict[int, MatterKind]:
    """The kinds of the pages that are no story as a whole. `story` are the pages where the first heading and the last
    chapter name themselves, None where none does: then nothing but contents can be told.
    """
    found = dict.fromkeys(_contents_pages(pages), MatterKind.CONTENTS)
    if story is None:
        return found
    first_chapter, last_chapter = story
    front = [page for page in pages[:_FRONT_PAGES] if page.number < first_chapter]
    # What follows the first page of text is text: a chapter without a heading may end on a short page.
    for page in takewhile(lambda page: page.number in found or _front_kind(page) is not None, front):
        found.setdefault(page.number, _front_kind(page) or MatterKind.TITLE)
    for page in pages[-_BACK_PAGES:]:
        if page.number > last_chapter and _is_imprint(page):
            found.setdefault(page.number, MatterKind.IMPRINT)
    return found


def _contents_pages(pages: Sequence[Page]) -> frozenset[int]:
    """A page headed as contents whose lines end in numbers, and those after it that go on so; or one that is all
    leaders and numbers.
    """
    found: set[int] = set()
    open_table = False
    for page in pages:
        headed = any(_CONTENTS.match(close_up(line.text)) for line in page.lines[:3])
        open_table = ((headed or open_table) and _lists(page, _ENTRY, fewest=2)) or _lists(
            page, _LED_ENTRY, fewest=_FEWEST_ENTRIES
        )
        if open_table:
            found.add(page.number)
    return frozenset(found)


def _lists(page: Page, entry: re.Pattern[str], fewest: int) -> bool:
    entries = sum(bool(entry.search(line.text[-_ENTRY_CHARACTERS:])) for line in page.lines)
    return entries >= fewest and entries >= _ENTRY_SHARE * (len(page.lines) - 1)


def _front_kind(page: Page) -> MatterKind | None:
    if any(_OTHER_WORKS.match(close_up(line.text)) for line in page.lines[:3]):
        return MatterKind.PUBLISHER
    if _is_imprint(page):
        return MatterKind.IMPRINT
    short = len(page.text.split()) <= _FRONT_WORDS and len(page.lines) <= _FRONT_LINES
    return MatterKind.TITLE if short else None


def _is_imprint(page: Page) -> bool:
    return len(page.text.split()) <= _IMPRINT_WORDS and bool(_IMPRINT.search(page.text))
