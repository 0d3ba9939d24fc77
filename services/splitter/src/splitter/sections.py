"""From headings and the text under them to chapters, parts and what is no story. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from feuilleton.contracts.documents import Chapter, MatterKind
from splitter.chapter_words import SectionKind, chapter_value, section_kind, stands_outside_parts

CHAPTER_RANK = 9  # parts have lower ones
_FRONT_SHARE = 0.25  # of the words of a book: a longer preface is the story
_BACK_SHARE = 0.4  # likewise: the notes of a school edition
_UNNAMED_BACK_SHARE = 0.15  # likewise, behind the word 'fin' alone


@dataclass(frozen=True)
class Section:
    """A heading, where it stands, and how many words of text follow it up to the next."""

    title: str
    page: int
    rank: int
    words: int

    @property
    def kind(self) -> SectionKind:
        return section_kind(self.title)

    @property
    def is_story(self) -> bool:
        return self.rank < CHAPTER_RANK or self.kind is SectionKind.STORY


@dataclass(frozen=True)
class Arrangement:
    """`numbers` and `matter` say for each section which chapter its text is in, and whether it is no story."""

    chapters: tuple[Chapter, ...]
    numbers: tuple[int, ...]
    matter: tuple[MatterKind | None, ...]


def arrange(sections: Sequence[Section], *, include_matter: bool) -> Arrangement:
    """The chapters of a book whose first section is what stands before any heading.

    A part's title goes before those of its chapters. A heading without text joins the next one.
    """
    matter = matter_sections(sections)
    naming = _Naming()
    numbers = [
        naming.number(section, counts=include_matter or kind is None) if at else 0
        for at, (section, kind) in enumerate(zip(sections, matter, strict=True))
    ]
    return Arrangement(tuple(naming.chapters), tuple(numbers), matter)


class _Naming:
    def __init__(self) -> None:
        self.chapters: list[Chapter] = []
        self._parts: list[Section] = []
        self._held: list[Section] = []  # headings without text, waiting for the one that they join

    def number(self, section: Section, *, counts: bool) -> int:
        if not counts or section.kind is SectionKind.END:
            return len(self.chapters)
        if section.rank < CHAPTER_RANK:
            # A title alone before a part is the book's own, printed once more.
            self._parts = [part for part in self._parts if part.rank < section.rank]
            self._parts.append(section)
            self._held = [one for one in self._held if one.rank < CHAPTER_RANK]
        elif stands_outside_parts(section.title):
            self._parts = []
        if section.words == 0:
            self._held.append(section)
            return len(self.chapters)
        titles = [part.title for part in self._parts]
        titles += [one.title for one in (*self._held, section) if one.rank == CHAPTER_RANK]
        page = self._held[0].page if self._held else section.page
        self._held = []
        self.chapters.append(Chapter(number=len(self.chapters) + 1, title=" — ".join(titles), page=page))
        return len(self.chapters)


def matter_sections(sections: Sequence[Section]) -> tuple[MatterKind | None, ...]:
    """Which sections are no story: those whose title says so, before the first chapter that names itself or behind
    the last; and what follows the word 'fin'.
    """
    found: list[MatterKind | None] = [None] * len(sections)
    story = [at for at, section in enumerate(sections) if at > 0 and section.is_story]
    if not story:
        return tuple(found)
    words = sum(section.words for section in sections)
    for at in _front(sections, story[0], words):
        found[at] = MatterKind.PREFACE
    for at, kind in _back(sections, story[-1], words):
        found[at] = kind
    return tuple(found)


def _front(sections: Sequence[Section], first: int, words: int) -> list[int]:
    """Prefaces. None where the first chapter with a number is not the first: its story began under another title."""
    if (chapter_value(sections[first].title) or 1) != 1:
        return []
    titled = [at for at in range(1, first) if sections[at].kind is SectionKind.BEFORE]
    return titled if sum(sections[at].words for at in titled) <= _FRONT_SHARE * words else []


def _back(sections: Sequence[Section], last: int, words: int) -> list[tuple[int, MatterKind]]:
    kinds = {
        SectionKind.NOTES: MatterKind.NOTES,
        SectionKind.BEHIND: MatterKind.PUBLISHER,
        SectionKind.BEFORE: MatterKind.PREFACE,
    }
    behind = range(last + 1, len(sections))
    titled = [(at, kinds[sections[at].kind]) for at in behind if sections[at].kind in kinds]
    if sum(sections[at].words for at, _ in titled) > _BACK_SHARE * words:
        titled = []
    ends = [at for at in behind if sections[at].kind is SectionKind.END]
    known = {at for at, _ in titled}
    unnamed = [at for at in range(ends[0], len(sections)) if at not in known] if ends else []
    if sum(sections[at].words for at in unnamed) > _UNNAMED_BACK_SHARE * words:
        unnamed = []
    return [*titled, *((at, MatterKind.PUBLISHER) for at in unnamed)]
