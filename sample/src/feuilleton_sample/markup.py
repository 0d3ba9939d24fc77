"""The light markup of a novel (see README.md), read into plain data: what tests take as golden truth."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

SCAN_OPENS = "%% scan"
SCAN_ENDS = "%% fin"

_NOTE_DEFINITION = re.compile(r"\[\^(\d+)\]: (.*)")
_NOTE_CALL = re.compile(r"\[\^(\d+)\]")
_ITALIC = re.compile(r"\*([^*]+)\*")


class ParagraphKind(StrEnum):
    PROSE = "prose"
    VERSE = "verse"
    LETTER = "letter"
    SCAN = "scan"


@dataclass(frozen=True)
class Note:
    number: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph without marks. A stanza is one paragraph whose verses are parted by newlines.

    Words of kind SCAN stand on an image: no text layer holds them. `notes` are those called from here,
    in order; their words are not in `text`.
    """

    kind: ParagraphKind
    text: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """`part` is the title of the part that this chapter belongs to, None in a book without parts."""

    title: str
    part: str | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Novel:
    title: str
    chapters: tuple[Chapter, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(note for chapter in self.chapters for paragraph in chapter.paragraphs for note in paragraph.notes)


class _Head(StrEnum):
    PART = "part"
    CHAPTER = "chapter"


_MARKS: tuple[tuple[str, _Head | ParagraphKind], ...] = (
    ("## ", _Head.CHAPTER),
    ("# ", _Head.PART),
    ("> ", ParagraphKind.VERSE),
    ("~> ", ParagraphKind.LETTER),
    ("~ ", ParagraphKind.LETTER),
)


@dataclass(frozen=True)
class _Line:
    kind: _Head | ParagraphKind
    text: str
    block: int  # counts the blank lines before it: two stanzas differ in it


def parse_novel(text: str) -> Novel:
    """Read a novel's markup.

    Raises ValueError when the book has no title, when words stand before the first chapter, when a scan
    is not closed or when a note that is called has no definition.
    """
    lines = tuple(_read_lines(text))
    if not lines or lines[0].kind is not _Head.PART:
        raise ValueError("a novel opens with a line '# Title'")
    definitions = (_NOTE_DEFINITION.fullmatch(line) for line in text.split("\n"))
    notes = {found[1]: Note(found[1], _without_marks(found[2])) for found in definitions if found}
    return Novel(title=lines[0].text, chapters=tuple(_chapters(lines[1:], notes)))


def plain_text(novel: Novel, *, scans: bool = True) -> tuple[str, ...]:
    """The paragraphs in reading order, without titles and notes; `scans=False` leaves out those on images."""
    return tuple(
        paragraph.text
        for chapter in novel.chapters
        for paragraph in chapter.paragraphs
        if scans or paragraph.kind is not ParagraphKind.SCAN
    )


def _read_lines(text: str) -> Iterator[_Line]:
    scanned = False
    block = 0
    for line in text.split("\n"):
        if line == SCAN_OPENS:
            scanned = True
        elif line == SCAN_ENDS:
            scanned = False
        elif not line:
            block += 1
        elif not _NOTE_DEFINITION.fullmatch(line):
            yield _Line(ParagraphKind.SCAN, line, block) if scanned else _read_line(line, block)
    if scanned:
        raise ValueError(f"a scan opens and no line {SCAN_ENDS!r} closes it")


def _read_line(line: str, block: int) -> _Line:
    for mark, kind in _MARKS:
        if line.startswith(mark):
            return _Line(kind, line.removeprefix(mark), block)
    return _Line(ParagraphKind.PROSE, line, block)


def _chapters(lines: Sequence[_Line], notes: Mapping[str, Note]) -> Iterator[Chapter]:
    part: str | None = None
    title: str | None = None
    paragraphs: list[Paragraph] = []
    for block in _blocks(lines):
        first = block[0]
        if not isinstance(first.kind, _Head):
            if title is None:
                raise ValueError(f"words stand before the first chapter: {first.text[:40]!r}")
            paragraphs.append(_paragraph(first.kind, block, notes))
            continue
        if title is not None:
            yield Chapter(title, part, tuple(paragraphs))
            title, paragraphs = None, []
        if first.kind is _Head.PART:
            part = first.text
        else:
            title = first.text
    if title is not None:
        yield Chapter(title, part, tuple(paragraphs))


def _blocks(lines: Sequence[_Line]) -> Iterator[tuple[_Line, ...]]:
    """The verses of a stanza together, every other line alone."""
    for (kind, _), group in groupby(lines, key=lambda line: (line.kind, line.block)):
        if kind is ParagraphKind.VERSE:
            yield tuple(group)
        else:
            yield from ((line,) for line in group)


def _paragraph(kind: ParagraphKind, lines: Sequence[_Line], notes: Mapping[str, Note]) -> Paragraph:
    text = "\n".join(line.text for line in lines)
    calls = _NOTE_CALL.findall(text)
    missing = [number for number in calls if number not in notes]
    if missing:
        raise ValueError(f"notes without definition: {missing}")
    return Paragraph(kind, _without_marks(text), tuple(notes[number] for number in calls))


def _without_marks(text: str) -> str:
    return _ITALIC.sub(r"\1", _NOTE_CALL.sub("", text))
