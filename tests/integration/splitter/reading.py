"""The four novels of the test data, whole and in excerpts, as the typesetting takes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from feuilleton_sample.markup import Chapter, Novel, Paragraph, parse_novel
from feuilleton_sample.raw import raw_to_markup

NOVELS = {
    "FRA01302_Flaubert": "Madame Bovary",
    "FRA01902_Gaboriau": "Monsieur Lecoq",
    "FRA02701_Maupassant": "Bel-Ami",
    "FRA04001_Verne": "Un capitaine de quinze ans",
}
_EXCERPT_WORDS = 5_000
_NOTE_WORDS = (6, 80)
_GOES_ON = re.compile(r"[a-zà-ÿœ,;]")
_ENDS = re.compile(r"[.!?…:»][\s»]*$")


@dataclass(frozen=True)
class Book:
    """A novel with words for its footnotes, which come from another one."""

    author: str
    title: str
    chapters: tuple[Chapter, ...]
    notes: tuple[str, ...]

    @property
    def excerpt(self) -> "Book":
        """Its first two chapters, and more until there are 5,000 words."""
        words, count = 0, 0
        while words < _EXCERPT_WORDS or count < 2:
            words += sum(len(one.text.split()) for one in self.chapters[count].paragraphs)
            count += 1
        return replace(self, chapters=self.chapters[:count])


@lru_cache(maxsize=4)
def read_novel(shared_data: Path, name: str) -> Novel:
    text = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
    return parse_novel(raw_to_markup(text, NOVELS[name]))


def read_book(shared_data: Path, name: str) -> Book:
    other = next(one for one in NOVELS if one != name)
    least, most = _NOTE_WORDS
    texts = (one.text for one in read_novel(shared_data, other).chapters[-1].paragraphs)
    return Book(
        author=name.partition("_")[2],
        title=NOVELS[name],
        chapters=tuple(_mended(one) for one in read_novel(shared_data, name).chapters),
        notes=tuple(text for text in texts if least <= len(text.split()) <= most),
    )


def _mended(chapter: Chapter) -> Chapter:
    """With the paragraphs whole that the plain text broke at words in italics and at the ends of verses."""
    return replace(chapter, paragraphs=tuple(_joined(chapter.paragraphs)))


def _joined(paragraphs: tuple[Paragraph, ...]) -> Iterator[Paragraph]:
    last: Paragraph | None = None
    for paragraph in paragraphs:
        if last is not None and _GOES_ON.match(paragraph.text) and not _ENDS.search(last.text):
            space = " " if paragraph.text[0].isalpha() else ""
            last = replace(last, text=last.text + space + paragraph.text)
            continue
        if last is not None:
            yield last
        last = paragraph
    if last is not None:
        yield last
