"""How true the text of a PDF comes back: against the paragraphs that were typeset."""

import difflib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.job_settings import JobSettings
from feuilleton.french.cleaning import clean_text
from splitter.pages import ReadLimits
from splitter.pdf_reading import open_pdf, read_pages
from splitter.planning import BookText, read_book

_WINDOW_WORDS = 400
_ANCHOR_WORDS = 3  # equal words in a row that say both texts are at the same place again


@dataclass(frozen=True)
class Difference:
    """Where the book and its source part: the words there, as each has them."""

    expected: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def words(self) -> int:
        return max(len(self.expected), len(self.found))

    @property
    def adds(self) -> bool:
        """Whether letters are there that the source has not: a hyphen or a space too many adds none."""
        missing = Counter(_letters(self.found)) - Counter(_letters(self.expected))
        return bool(missing)


@dataclass(frozen=True)
class Fidelity:
    """`words` and `paragraphs` count the source's; `whole` are the paragraphs that came back sign for sign, each in
    one piece: joined across pages, and parted from their neighbours.
    """

    words: int
    differences: tuple[Difference, ...]
    paragraphs: int
    whole: int
    book: BookText

    @property
    def wrong(self) -> int:
        return sum(one.words for one in self.differences)

    @property
    def word_accuracy(self) -> float:
        return 1 - self.wrong / self.words if self.words else 1.0

    @property
    def whole_share(self) -> float:
        return self.whole / self.paragraphs if self.paragraphs else 1.0

    @property
    def intruders(self) -> tuple[Difference, ...]:
        """What stands in the sentences and not in the source: a head, a page number, a note."""
        return tuple(one for one in self.differences if one.adds)


def fidelity(pdf: bytes, text: str | Sequence[str], settings: JobSettings | None = None) -> Fidelity:
    """Read a PDF as the splitter does and compare it with its source, one paragraph a line (or an item).

    Words are compared in the form of docs/text-form.md; titles, notes and heads are no part of the source.
    """
    settings = settings or JobSettings()
    lines = text.splitlines() if isinstance(text, str) else text
    source = [clean_text(line, preserve_formatting=settings.preserve_formatting) for line in lines if line.strip()]
    book = read_pdf(pdf, settings)
    expected, found = words_of(source), found_words(book)
    paragraphs = found_paragraphs(book)
    return Fidelity(
        words=len(expected),
        differences=tuple(differences(expected, found)),
        paragraphs=len(source),
        whole=(Counter(source) & Counter(paragraphs)).total(),
        book=book,
    )


def read_pdf(pdf: bytes | Path, settings: JobSettings | None = None) -> BookText:
    """The book as the splitter service reads it, in this process."""
    if isinstance(pdf, bytes):
        with tempfile.TemporaryDirectory(prefix="feuilleton-fidelity-") as folder:
            path = Path(folder) / "book.pdf"
            path.write_bytes(pdf)
            return read_pdf(path, settings)
    limits = ReadLimits()
    opened = open_pdf(pdf, limits)
    pages = read_pages(pdf, tuple(range(1, opened.pages + 1)), limits)
    return read_book(pages, opened.outline, settings or JobSettings())


def words_of(texts: Iterable[str]) -> list[str]:
    return " ".join(texts).split()


def found_words(book: BookText) -> list[str]:
    return words_of(sentence.text for sentence in book.sentences)


def found_paragraphs(book: BookText) -> list[str]:
    """The sentences of each paragraph, with one space between them."""
    texts: dict[int, list[str]] = {}
    for sentence in book.sentences:
        texts.setdefault(sentence.paragraph, []).append(sentence.text)
    return [" ".join(parts) for parts in texts.values()]


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


def _letters(words: Sequence[str]) -> str:
    return "".join(ch for ch in "".join(words) if ch.isalnum())
