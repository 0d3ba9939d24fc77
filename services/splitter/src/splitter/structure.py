"""Lines to paragraphs, joined across pages, and chapters. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from feuilleton.contracts.documents import Chapter, MatterKind
from feuilleton.contracts.text import count_words
from feuilleton.french.hyphenation import HYPHEN, Vocabulary, join_broken
from splitter.chapter_words import (
    SectionKind,
    close_up,
    has_chapter_word,
    names_chapter,
    numbers_chapter,
    part_rank,
    section_kind,
)
from splitter.headings import distances, heading_lines, merge_drop_caps, plain_title
from splitter.layout import Frame, Layout
from splitter.matter import LeftOutText, matter_pages
from splitter.notes import LastNote, ParsedPage, last_note, take_notes, without_calls
from splitter.outline import Bookmark, bookmarks_by_page, unseen_bookmarks
from splitter.pages import Line, OutlineEntry, Page
from splitter.paragraphs import Placed, begins_paragraph
from splitter.sections import CHAPTER_RANK, Section, arrange

_BLANK = 1.45  # times the usual distance of lines


class ParagraphKind(StrEnum):
    TEXT = "text"
    NOTE = "note"  # a footnote, kept apart behind the paragraph that it interrupts


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. `starts` are (offset in `text`, page) where each page's part begins, in order. `matter` says what it
    is, if it is no story.
    """

    text: str
    chapter: int
    starts: tuple[tuple[int, int], ...]
    kind: ParagraphKind = ParagraphKind.TEXT
    matter: MatterKind | None = None

    def page_at(self, offset: int) -> int:
        """The 1-based page on which the character at `offset` is printed."""
        return next(page for start, page in reversed(self.starts) if start <= offset)

    def left_out(self) -> Iterator[LeftOutText]:
        """Its words page by page, as what it is."""
        kind = self.matter or MatterKind.FOOTNOTES
        ends = [*(start for start, _ in self.starts[1:]), len(self.text)]
        for (start, page), end in zip(self.starts, ends, strict=True):
            yield LeftOutText(kind, page, count_words(self.text[start:end]))


@dataclass(frozen=True)
class Structure:
    """`left_out` is what no paragraph holds: lists of chapters."""

    paragraphs: tuple[Paragraph, ...]
    chapters: tuple[Chapter, ...]
    left_out: tuple[LeftOutText, ...] = ()


@dataclass
class _Builder:
    """Gathers paragraphs, sections and notes in book order. A paragraph's chapter is the index of its section."""

    layout: Layout
    vocabulary: Vocabulary
    fix_hyphenation: bool
    matter: MatterKind | None = None
    sections: list[Section] = field(default_factory=lambda: [Section("", 1, CHAPTER_RANK, 0)])
    paragraphs: list[Paragraph] = field(default_factory=list)
    open_lines: list[Placed] = field(default_factory=list)
    open_notes: list[list[tuple[Line, int]]] = field(default_factory=list)

    def add_line(self, placed: Placed) -> None:
        if self.open_lines and begins_paragraph(self.open_lines[-1], placed, self.layout):
            self.close_paragraph()
        self.open_lines.append(placed)

    def carry_notes(self, parsed: ParsedPage) -> None:
        """Go on with the last note of the page before; called before the page's own lines."""
        carried = [(line, parsed.page.number) for line in parsed.carried]
        if carried and self.open_notes:
            self.open_notes[-1].extend(carried)
        elif carried:
            self.open_notes.append(carried)

    def add_notes(self, parsed: ParsedPage) -> None:
        self.open_notes.extend([(line, parsed.page.number) for line in note] for note in parsed.notes)

    def close_paragraph(self) -> None:
        """End the paragraph; its notes come behind it."""
        lines, self.open_lines = [(placed.line, placed.page) for placed in self.open_lines], []
        self._emit(lines, ParagraphKind.TEXT)
        notes, self.open_notes = self.open_notes, []
        for note in notes:
            self._emit(note, ParagraphKind.NOTE)

    def begin_section(self, title: str, page: int, rank: int) -> None:
        self.close_paragraph()
        self.sections.append(Section(title, page, rank, 0))

    def _emit(self, lines: list[tuple[Line, int]], kind: ParagraphKind) -> None:
        text, starts = _joined(lines, self.vocabulary, fix_hyphenation=self.fix_hyphenation)
        if not text.strip():
            return
        self.paragraphs.append(Paragraph(text, len(self.sections) - 1, starts, kind, self.matter))
        if kind is ParagraphKind.TEXT and self.matter is None:
            section = self.sections[-1]
            self.sections[-1] = replace(section, words=section.words + count_words(text))


def _joined(
    lines: list[tuple[Line, int]], vocabulary: Vocabulary, *, fix_hyphenation: bool
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The lines as one text, and where each page's part of it begins. Only the end of the line before is looked at:
    a paragraph may be as long as the book.
    """
    parts: list[str] = []
    starts: list[tuple[int, int]] = []
    length = 0
    for line, page in lines:
        addition = without_calls(line.text)
        if not addition:
            continue
        if parts and parts[-1].endswith(HYPHEN):
            joined = join_broken(parts[-1], addition, vocabulary, fix_hyphenation=fix_hyphenation)
            length -= len(parts[-1])
            parts[-1] = joined[: len(joined) - len(addition)]
            length += len(parts[-1])
        elif parts:
            parts.append(" ")
            length += 1
        if not starts or starts[-1][1] != page:
            starts.append((length, page))
        parts.append(addition)
        length += len(addition)
    return "".join(parts), tuple(starts)


def find_structure(  # noqa: PLR0913 - what a book is read by, and what is asked of it
    pages: Sequence[Page],
    outline: Sequence[OutlineEntry],
    layout: Layout,
    vocabulary: Vocabulary,
    *,
    fix_hyphenation: bool,
    include_matter: bool = False,
    apart: Collection[int] = (),
) -> Structure:
    """Paragraphs and chapters of pages that have no running heads any more and whose text is clean.

    Headings and tables of contents are in no paragraph. Other matter is, and says so; `include_matter` gives it
    chapters too. No paragraph goes on into a page that is in `apart`.
    """
    builder = _Builder(layout, vocabulary, fix_hyphenation)
    marks = bookmarks_by_page(outline)
    prepared = list(_prepared(pages, marks, layout, vocabulary))
    matter = matter_pages([one.page for one in prepared], _story_pages(prepared))
    seen = {one.page.number: {plain_title(title) for title in one.titles} for one in prepared}
    contents: list[LeftOutText] = []
    for one in prepared:
        kind = matter.get(one.page.number)
        if one.page.number in apart or kind is not builder.matter:
            builder.close_paragraph()
        builder.matter = kind
        if kind is MatterKind.CONTENTS:
            contents.append(LeftOutText(kind, one.page.number, count_words(one.page.text)))
        elif kind is None:
            for mark in unseen_bookmarks(marks, one.page.number, seen):
                builder.begin_section(mark.title, one.page.number, _rank(mark.title, (mark,)))
            _add_page(builder, one, layout, marks.get(one.page.number, ()))
        else:
            _add_page(builder, replace(one, headings=frozenset()), layout, ())
    builder.close_paragraph()
    return _finished(builder, contents, include_matter=include_matter)


def _finished(builder: _Builder, contents: Sequence[LeftOutText], *, include_matter: bool) -> Structure:
    """The paragraphs with the numbers of their chapters, now that all headings are known."""
    arranged = arrange(builder.sections, include_matter=include_matter)
    paragraphs = (
        replace(
            paragraph,
            chapter=arranged.numbers[paragraph.chapter],
            matter=paragraph.matter or arranged.matter[paragraph.chapter],
        )
        for paragraph in builder.paragraphs
    )
    return Structure(tuple(paragraphs), arranged.chapters, tuple(contents))


@dataclass(frozen=True)
class _Prepared:
    page: Page
    parsed: ParsedPage
    frame: Frame
    headings: frozenset[int]

    def opens(self, *kinds: SectionKind) -> bool:
        """Whether a heading of the page says of itself, not only by its type, that it opens such a section."""
        return any(section_kind(self.page.lines[at].text) in kinds for at in self.headings)

    @property
    def titles(self) -> Iterator[str]:
        """Its headings, whole and line by line."""
        lines = [self.page.lines[at] for at in sorted(self.headings)]
        yield from (line.text for line in lines)
        if len(lines) > 1:
            yield chapter_title(lines)


def _story_pages(prepared: Sequence[_Prepared]) -> tuple[int, int] | None:
    """The page where the first chapter, or the preface before it, names itself, and that of the last chapter."""
    chapters = [one.page.number for one in prepared if one.opens(SectionKind.STORY)]
    openings = [one.page.number for one in prepared if one.opens(SectionKind.STORY, SectionKind.BEFORE)]
    return (openings[0], chapters[-1]) if chapters else None


def _prepared(
    pages: Sequence[Page], marks: Mapping[int, Sequence[Bookmark]], layout: Layout, vocabulary: Vocabulary
) -> Iterator[_Prepared]:
    last: LastNote | None = None
    for raw in pages:
        parsed = take_notes(merge_drop_caps(raw, layout, vocabulary), layout, last)
        last = last_note(parsed, layout)
        page = parsed.page
        frame = layout.frame(page)
        titles = {mark.plain for mark in marks.get(page.number, ())}
        yield _Prepared(page, parsed, frame, heading_lines(page, frame, layout, titles))


def _add_page(builder: _Builder, one: _Prepared, layout: Layout, marks: Sequence[Bookmark]) -> None:
    block: list[Line] = []
    builder.carry_notes(one.parsed)
    for at, line in enumerate(one.page.lines):
        if at in one.headings:
            block.append(line)
            continue
        if block:
            _begin_sections(builder, block, one.page.number, marks)
            block = []
        before, _ = distances(one.page.lines, at)
        fresh = before == float("inf")
        apart = not fresh and before > _BLANK * layout.leading
        builder.add_line(Placed(line, one.page.number, one.frame.block_of(line), apart, fresh))
    if block:
        _begin_sections(builder, block, one.page.number, marks)
    builder.add_notes(one.parsed)


def _begin_sections(builder: _Builder, block: Sequence[Line], page: int, marks: Sequence[Bookmark]) -> None:
    """A block of heading lines: a part with its title, then a chapter with its own, each where it names itself."""
    unit: list[Line] = []
    for line in block:
        named = names_chapter(line.text)
        if unit and named and (part_rank(line.text) is not None or _unit_rank(unit, marks) < CHAPTER_RANK):
            builder.begin_section(chapter_title(unit), page, _unit_rank(unit, marks))
            unit = []
        unit.append(line)
    builder.begin_section(chapter_title(unit), page, _unit_rank(unit, marks))


def _unit_rank(unit: Sequence[Line], marks: Sequence[Bookmark]) -> int:
    return min(_rank(title, marks) for title in (unit[0].text, chapter_title(unit)))


def _rank(title: str, marks: Sequence[Bookmark]) -> int:
    """By its word, else by the bookmarks under it."""
    by_word = part_rank(title)
    if by_word is not None:
        return by_word
    plain = plain_title(title)
    return min((mark.rank for mark in marks if mark.rank is not None and mark.plain == plain), default=CHAPTER_RANK)


def chapter_title(lines: Sequence[Line]) -> str:
    """The title that heading lines make: a number or a part, a dash, and the title itself."""
    title = ""
    for at, line in enumerate(lines):
        text = close_up(line.text)
        names = at > 0 and (has_chapter_word(lines[at - 1].text) or numbers_chapter(lines[at - 1].text))
        title = f"{title} — {text}" if title and names else f"{title} {text}".strip()
    return title
