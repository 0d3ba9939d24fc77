"""One text in the ways that printers have: each `Style` says what is on the page beside the words.

The words are those of plain paragraphs, and what comes back from the PDF is compared with them: `Print.paragraphs`
is the golden truth. Verses and notes are made of the book's own words, as its plain text has none.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from feuilleton_sample.markup import Chapter
from feuilleton_sample.typeset import SAMPLE_FOLDER, forget_builds, typst_fonts

TEMPLATE = SAMPLE_FOLDER / "prints.typ"
_BESIDE_CHARACTERS = 30  # of each line beside a dropped initial, at least
_NOTE_EVERY = 9  # paragraphs
_VERSE_EVERY = 17
_VERSE_WORDS = (18, 60)  # a paragraph of this many words may be set as a stanza
_WORDS_A_VERSE = 7
_PICTURE_EVERY = 13
_ORNAMENT_EVERY = 21


class Heads(StrEnum):
    NONE = "none"
    SIDES = "sides"  # the author on even pages, the title on odd ones
    OUTER = "outer"  # likewise, with the page number at the outer edge
    ONE = "one"  # title and number on every page


class Foot(StrEnum):
    NONE = "none"
    PLAIN = "plain"
    DASHES = "dashes"
    OUTER = "outer"


def plain_heading(chapter: Chapter) -> tuple[str, ...]:
    return (chapter.title,)


def spaced_heading(chapter: Chapter) -> tuple[str, ...]:
    """Letters parted by spaces, as typewriters and old fonts do it."""
    return tuple("  ".join(" ".join(word) for word in line.split()) for line in plain_heading(chapter))


def dashed_heading(chapter: Chapter) -> tuple[str, ...]:
    return (f"-- {chapter.title} --",)


@dataclass(frozen=True)
class Style:
    """Lengths in `_mm` and `_pt`; the others without a unit are shares of the size of the text."""

    width_mm: float = 110
    height_mm: float = 180
    margin_mm: float = 14
    size_pt: float = 10
    font: str = "Libertinus Serif"
    columns: int = 1
    justify: bool = True
    hyphenate: bool = True
    leading: float = 0.6
    spacing: float = 0.6
    indent: float = 1.2
    heads: Heads = Heads.NONE
    capital_heads: bool = False
    head_size: float = 0.85
    foot: Foot = Foot.PLAIN
    numbers: str = "1"
    title_on_new_page: bool = True
    title_size: float = 1.4
    title_tracking_pt: float = 0
    title_above_mm: float = 12
    title_below_mm: float = 9
    small_caps_opening: bool = False
    picture_mm: float = 0  # how high pictures between paragraphs are; 0: the book has none
    dropped_initials: bool = False
    notes: bool = False
    verse: bool = False
    ornaments: bool = False
    heading: Callable[[Chapter], tuple[str, ...]] = plain_heading


@dataclass(frozen=True)
class _Piece:
    text: str = ""
    note: str | None = None


@dataclass(frozen=True)
class _Set:
    """A paragraph as the template takes it; `truth` is what a reader must find of it."""

    kind: str
    truth: str = ""
    pieces: tuple[_Piece, ...] = ()
    lines: tuple[str, ...] = ()
    cap: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Print:
    """A book as it was set. `notes` are the words of its notes, `heads` what stands at the head of its pages."""

    pdf: bytes
    paragraphs: tuple[str, ...]
    chapters: int
    notes: tuple[str, ...]
    heads: tuple[str, ...]


def print_book(chapters: Sequence[Chapter], style: Style, *, author: str, title: str, notes: Sequence[str]) -> Print:
    """Set these chapters. `notes` are words to make footnotes of, taken in turn, if the style has any: give some that
    are in no chapter.
    """
    composed = [tuple(_composed(chapter, style, notes)) for chapter in chapters]
    used = tuple(piece.note for chapter in composed for one in chapter for piece in one.pieces if piece.note)
    body = json.dumps(
        {
            "author": author,
            "title": title,
            "style": {key: value for key, value in asdict(style).items() if key != "heading"},
            "chapters": [
                {"heading": style.heading(chapter), "paragraphs": [asdict(one) for one in paragraphs]}
                for chapter, paragraphs in zip(chapters, composed, strict=True)
            ],
        },
        ensure_ascii=False,
    )
    truth = tuple(one.truth for paragraphs in composed for one in paragraphs if one.truth)
    heads = () if style.heads is Heads.NONE else (author, title)
    return Print(_compiled(body), truth, len(chapters), used, heads)


def _compiled(body: str) -> bytes:
    with TemporaryDirectory(prefix="feuilleton-print-") as name:
        folder = Path(name)
        (folder / "print.json").write_text(body, encoding="utf-8")
        (folder / "picture.png").write_bytes(_picture())
        (folder / "prints.typ").write_bytes(TEMPLATE.read_bytes())
        pdf: bytes = typst.compile(
            folder / "prints.typ", root=folder, font_paths=typst_fonts(), ignore_system_fonts=True, timestamp=0
        )
    forget_builds()
    return pdf


def _composed(chapter: Chapter, style: Style, notes: Sequence[str]) -> Iterator[_Set]:
    for at, paragraph in enumerate(chapter.paragraphs):
        text = paragraph.text
        if style.picture_mm and at % _PICTURE_EVERY == _PICTURE_EVERY // 2:
            yield _Set("picture")
        if style.ornaments and at % _ORNAMENT_EVERY == _ORNAMENT_EVERY // 2:
            yield _Set("ornament", lines=("* * *",))
        if style.dropped_initials and at == 0 and text[:1].isalpha():
            yield _dropped(text)
        elif style.verse and at % _VERSE_EVERY == _VERSE_EVERY - 1 and _may_be_verse(text):
            yield _verse(text)
        else:
            note = notes[at % len(notes)] if style.notes and at % _NOTE_EVERY == 1 else None
            yield _prose(text, note)


def _prose(text: str, note: str | None) -> _Set:
    if note is None:
        return _Set("prose", text, (_Piece(text),))
    words = text.split(" ")
    middle = len(words) // 2
    head, tail = " ".join(words[: middle + 1]), " ".join(words[middle + 1 :])
    return _Set("prose", text, (_Piece(head), _Piece(note=note), _Piece(f" {tail}" if tail else "")))


def _dropped(text: str) -> _Set:
    """The first letter apart, and as many words as stand beside it in two lines; a short paragraph stays plain."""
    words, beside = text[1:].split(" "), []
    for _ in range(2):
        line: list[str] = []
        while words and sum(map(len, line)) + len(line) < _BESIDE_CHARACTERS:
            line.append(words.pop(0))
        beside.append(" ".join(line))
    if len(words) < _WORDS_A_VERSE:
        return _prose(text, None)
    return _Set("dropped", text, (_Piece(" ".join(words)),), cap=text[0], beside=tuple(beside))


def _may_be_verse(text: str) -> bool:
    least, most = _VERSE_WORDS
    return least <= len(text.split()) <= most and text[:1].isalpha()


def _verse(text: str) -> _Set:
    """Verses of seven words, each with a capital, as verses have."""
    words = text.split(" ")
    lines = [" ".join(words[at : at + _WORDS_A_VERSE]) for at in range(0, len(words), _WORDS_A_VERSE)]
    capital = tuple(line[:1].upper() + line[1:] for line in lines)
    return _Set("verse", " ".join(capital), lines=capital)


def _picture() -> bytes:
    """A grey slope as PNG."""
    side = 64
    rows = b"".join(b"\0" + bytes((x * 2 + y) % 256 for x in range(side)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


_LARGE = Style(width_mm=210, height_mm=297, margin_mm=25, size_pt=12)
STYLES: dict[str, Style] = {
    "heads of two sides, numbers at the foot": Style(heads=Heads.SIDES),
    "numbers in the head, capitals": Style(heads=Heads.OUTER, foot=Foot.NONE, capital_heads=True, head_size=1),
    "title and number in one head, Roman numbers": Style(heads=Heads.ONE, foot=Foot.NONE, numbers="i"),
    "short lines full of hyphens": Style(width_mm=78, height_mm=130, margin_mm=10, heads=Heads.SIDES),
    "footnotes": Style(notes=True, heads=Heads.SIDES, foot=Foot.OUTER),
    "dropped initials": Style(dropped_initials=True, heads=Heads.OUTER, foot=Foot.NONE),
    "small capitals, letter-spaced titles": Style(
        small_caps_opening=True, title_tracking_pt=4, heads=Heads.SIDES, foot=Foot.DASHES
    ),
    "titles spaced by hand": Style(heading=spaced_heading, foot=Foot.DASHES),
    "verse": Style(verse=True, heads=Heads.SIDES),
    "two columns": replace(_LARGE, size_pt=10, columns=2, heads=Heads.OUTER, foot=Foot.NONE, height_mm=260),
    "Roman numbers like any line": Style(
        heading=dashed_heading,
        title_size=1,
        title_on_new_page=False,
        title_above_mm=4,
        title_below_mm=4,
        heads=Heads.ONE,
        foot=Foot.NONE,
    ),
    "pictures and ornaments": Style(picture_mm=45, ornaments=True, heads=Heads.SIDES),
    "ragged lines, blank lines between paragraphs": Style(
        justify=False, hyphenate=False, spacing=1.4, indent=0, heads=Heads.OUTER, foot=Foot.NONE
    ),
    "another font, large pages": replace(_LARGE, font="New Computer Modern", indent=2, foot=Foot.OUTER),
    "all of it": Style(
        heads=Heads.OUTER,
        foot=Foot.NONE,
        notes=True,
        dropped_initials=True,
        verse=True,
        picture_mm=30,
        ornaments=True,
        title_tracking_pt=3,
    ),
}
