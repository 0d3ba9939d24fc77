"""Pages that are no part of the story: title page, imprint, table of contents. Pure, and no more than a good guess:
a page is left out only on a clear sign.
"""

import re
from collections.abc import Sequence

from splitter.chapter_words import close_up
from splitter.pages import Page

_FRONT_PAGES = 10  # front matter is looked for among these only
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


def outside_story(pages: Sequence[Page], first_chapter: int | None) -> frozenset[int]:
    """The numbers of the pages to leave out. `first_chapter` is the page where a chapter names itself first, None
    where none does: then nothing can be called front matter.
    """
    front = [page for page in pages[:_FRONT_PAGES] if first_chapter is not None and page.number < first_chapter]
    return _contents_pages(pages) | {page.number for page in front if _is_front_matter(page)}


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


def _is_front_matter(page: Page) -> bool:
    words = len(page.text.split())
    short = words <= _FRONT_WORDS and len(page.lines) <= _FRONT_LINES
    return short or (words <= _IMPRINT_WORDS and bool(_IMPRINT.search(page.text)))
