"""Typesetting of novels as PDF books through the Typst compiler, with the fonts that it carries itself."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Literal

import typst

from feuilleton_sample.markup import SCAN_OPENS, parse_novel
from feuilleton_sample.raw import raw_to_markup

# The text and the template lie beside src/: this package runs from a checkout, no wheel of it is made.
SAMPLE_FOLDER = Path(__file__).resolve().parents[2]
TEMPLATE = SAMPLE_FOLDER / "book.typ"
SAMPLE_NOVEL = SAMPLE_FOLDER / "le-dernier-couplet" / "novel.txt"

SCAN_DOTS_PER_INCH = 150.0
_NO_DATE = 0  # seconds since 1970: a date would make every build differ
_BUILDS_TO_FORGET = 11  # the compiler keeps what a build computed for ten more: about 200 MB for a novel


@dataclass(frozen=True)
class Imprint:
    """What the title and copyright pages say beside the title; `author` is also in the PDF's metadata."""

    author: str = ""
    publisher: str = ""
    notice: str = ""


SAMPLE_IMPRINT = Imprint(
    author="L’atelier Feuilleton",
    publisher="Feuilleton",
    notice="Texte original, écrit pour le dépôt Feuilleton. La ville, la rivière et les personnages sont inventés. "
    "Composé en Libertinus Serif.",
)
RAW_IMPRINT = Imprint(publisher="Feuilleton", notice="Œuvre du domaine public, recomposée pour les essais.")


def read_sample() -> str:
    """The sample novel in its markup: the golden truth of what its PDF says."""
    return SAMPLE_NOVEL.read_text(encoding="utf-8")


def typeset_sample() -> bytes:
    """The sample novel as a PDF; the same bytes at every call."""
    return typeset_novel(read_sample(), SAMPLE_IMPRINT)


def typeset_raw_novel(text: str, title: str) -> bytes:
    """A plain-text novel as a PDF whose golden truth is `raw_to_markup(text, title)`.

    Raises ValueError as `raw_to_markup` does.
    """
    return typeset_novel(raw_to_markup(text, title), RAW_IMPRINT)


def typeset_novel(markup: str, imprint: Imprint) -> bytes:
    """A novel in its markup as a PDF; equal arguments give equal bytes.

    Raises ValueError when the markup is broken, as `parse_novel` does.
    """
    parse_novel(markup)
    with TemporaryDirectory(prefix="feuilleton-book-") as name:
        folder = Path(name)
        copyfile(TEMPLATE, folder / "book.typ")
        (folder / "novel.txt").write_text(markup, encoding="utf-8")
        for number in range(markup.count(f"\n{SCAN_OPENS}\n")):
            (folder / f"scan-{number}.png").write_bytes(_compile(folder, imprint, "png", {"scan": str(number)}))
        book = _compile(folder, imprint, "pdf", {})
    forget_builds()
    return book


def forget_builds() -> None:
    """Give back the memory that the compiler keeps of its last builds."""
    for _ in range(_BUILDS_TO_FORGET):
        typst.compile(b"", format="pdf", font_paths=typst_fonts(), ignore_system_fonts=True)


@cache
def typst_fonts() -> typst.Fonts:
    """The fonts that the compiler carries itself: the same on every machine."""
    return typst.Fonts(include_system_fonts=False)


def _compile(folder: Path, imprint: Imprint, form: Literal["png", "pdf"], view: dict[str, str]) -> bytes:
    compiled: bytes = typst.compile(
        folder / "book.typ",
        output=None,
        root=folder,
        font_paths=typst_fonts(),
        ignore_system_fonts=True,
        format=form,
        ppi=SCAN_DOTS_PER_INCH,
        sys_inputs={
            "novel": "novel.txt",
            "author": imprint.author,
            "imprint": imprint.publisher,
            "notice": imprint.notice,
            **view,
        },
        timestamp=_NO_DATE,
    )
    return compiled
