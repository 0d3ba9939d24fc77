"""Books through the splitter's own reading, and how near the outcome is to the text that was typeset."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.job_settings import JobSettings
from feuilleton_sample.markup import Novel, plain_text
from splitter.pages import ReadLimits
from splitter.pdf_reading import open_pdf, read_pages
from splitter.planning import BookText, read_book

NOVELS = {
    "FRA01302_Flaubert": "Madame Bovary",
    "FRA01902_Gaboriau": "Monsieur Lecoq",
    "FRA02701_Maupassant": "Bel-Ami",
    "FRA04001_Verne": "Un capitaine de quinze ans",
}
_WINDOW_WORDS = 400
_ANCHOR_WORDS = 3  # equal words in a row that say both texts are at the same place again


def read_pdf(path: Path) -> BookText:
    limits = ReadLimits()
    opened = open_pdf(path, limits)
    pages = read_pages(path, tuple(range(1, opened.pages + 1)), limits)
    return read_book(pages, opened.outline, JobSettings())


@dataclass(frozen=True)
class Difference:
    expected: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def words(self) -> int:
        return max(len(self.expected), len(self.found))


def words_of(texts: Sequence[str]) -> list[str]:
    return " ".join(texts).split()


def expected_words(novel: Novel) -> list[str]:
    return words_of(plain_text(novel, scans=False))


def found_words(book: BookText) -> list[str]:
    return words_of([sentence.text for sentence in book.sentences])


def differences(expected: Sequence[str], found: Sequence[str]) -> Iterator[Difference]:
    """Where the two part, word by word; a window after each lets them meet again."""
    at, to = 0, 0
    while at < len(expected) and to < len(found):
        if expected[at] == found[to]:
            at, to = at + 1, to + 1
            continue
        here, there = expected[at : at + _WINDOW_WORDS], found[to : to + _WINDOW_WORDS]
        blocks = difflib.SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks()
        meeting = next((block for block in blocks if block.size >= _ANCHOR_WORDS), None)
        left, right = (meeting.a, meeting.b) if meeting else (len(here), len(there))
        yield Difference(tuple(here[:left]), tuple(there[:right]))
        at, to = at + left, to + right
    if at < len(expected) or to < len(found):
        yield Difference(tuple(expected[at:]), tuple(found[to:]))
