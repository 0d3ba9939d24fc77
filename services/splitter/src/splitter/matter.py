"""Pages that are no part of the story: title page, imprint, table of contents. Pure, and no more than a good guess:
a page is left out only on a clear sign.
"""

import re
from collections.abc import Sequence

from splitter.chapter_words import close_up
from splitter.layout import Layout, near
from splitter.pages import Page

_FRONT_PAGES = 10  # front matter is looked for among these only
_TITLE_WORDS = 60
_CONTENTS = re.compile(r"^(?:table(?: des (?:matières|chapitres))?|sommaire)\.?$", re.IGNORECASE)
_ENTRY = re.compile(r"(?:[\s.·_…]{3,}|\s)\d{1,4}$|[.·_…]{4,}")
_ENTRY_SHARE = 0.5
_IMPRINT = re.compile(
    r"\bISBN\b|©|\bcopyright\b|\bdépôt légal\b|\bachevé d.imprimer\b|\btous droits\b|\bimprimé en\b", re.IGNORECASE
)
_IMPRINT_WORDS = 250
_ENDS = re.compile(r"[.!?…»:;,]$")


def outside_story(pages: Sequence[Page], layout: Layout, first_chapter: int | None) -> frozenset[int]:
    """The numbers of the pages to leave out. `first_chapter` is the page of the first heading, None without any."""
    contents = _contents_pages(pages)
    front = [page for page in pages[:_FRONT_PAGES] if first_chapter is not None and page.number < first_chapter]
    return contents | {page.number for page in front if _is_title(page, layout) or _is_imprint(page)}


def _contents_pages(pages: Sequence[Page]) -> frozenset[int]:
    """A page headed as contents whose lines end in numbers, and those after it that go on so."""
    found: set[int] = set()
    open_table = False
    for page in pages:
        headed = any(_CONTENTS.match(close_up(line.text)) for line in page.lines[:3])
        if (headed or open_table) and _lists_pages(page, fewest=2):
            found.add(page.number)
            open_table = True
        else:
            open_table = False
    return frozenset(found)


def _lists_pages(page: Page, fewest: int) -> bool:
    entries = sum(bool(_ENTRY.search(line.text)) for line in page.lines)
    return entries >= fewest and entries >= _ENTRY_SHARE * (len(page.lines) - 1)


def _is_title(page: Page, layout: Layout) -> bool:
    """Few words, in several sizes or none of them the text's, and no line that ends as prose does."""
    words = sum(len(line.text.split()) for line in page.lines)
    if not 0 < words <= _TITLE_WORDS:
        return False
    odd = sum(not near(line.size, layout.body_size) for line in page.lines)
    prose = sum(bool(_ENDS.search(line.text)) for line in page.lines)
    return odd >= 1 and prose <= len(page.lines) / 3


def _is_imprint(page: Page) -> bool:
    return bool(_IMPRINT.search(page.text)) and len(page.text.split()) <= _IMPRINT_WORDS
