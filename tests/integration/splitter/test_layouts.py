"""One text in the layouts that printers use: it comes back the same from each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import typst

from feuilleton_sample.markup import Chapter, parse_novel
from feuilleton_sample.raw import raw_to_markup
from tests.integration.splitter.reading import differences, found_words, read_pdf, words_of

CHAPTERS = 3
FIRST_LINES = re.compile(r"(\w)(.{30}\S*) (.{30}\S*) (.*)", re.DOTALL)
FOOT = "footer: context align(center)[#counter(page).display()]"
BOOK = "#set text(hyphenate: true)\n#set par(justify: true, first-line-indent: 1em, spacing: 0.65em)\n"


def escaped(text: str) -> str:
    return re.sub(r"([\\#*_`$<>@=~/\[\]\"'-])", r"\\\1", text)


def opening(title: str) -> str:
    return f"#pagebreak(weak: true)\n#align(center)[#text(size: 15pt)[{title}]]\n#v(1cm)\n"


def bare_opening(title: str) -> str:
    return f"\n#align(center)[{title}]\n\n"


def spaced_opening(title: str) -> str:
    return f"#pagebreak(weak: true)\n#align(center)[#text(tracking: 4pt)[CHAPITRE {title}]]\n#v(2cm)\n"


def dropped(text: str) -> str:
    """The paragraph with its first letter hanging into its first two lines."""
    parts = FIRST_LINES.match(text)
    if parts is None:
        return escaped(text)
    lines = f"{escaped(parts[2])} #linebreak(justify: true) {escaped(parts[3])}"
    grid = f"#grid(columns: (auto, 1fr), column-gutter: 2pt, text(size: 26pt)[{parts[1]}], [{lines}])"
    return f"#block[{grid}]\n#par(first-line-indent: 0em)[{escaped(parts[4])}]"


@dataclass(frozen=True)
class Print:
    setup: str
    opening: Callable[[str], str] = opening
    first: Callable[[str], str] = escaped

    def typeset(self, chapters: Sequence[Chapter], path: Path) -> None:
        parts = ['#set smartquote(enabled: false)\n#set text(lang: "fr", font: "Libertinus Serif")\n', self.setup]
        for chapter in chapters:
            first, *rest = chapter.paragraphs
            parts += [self.opening(escaped(chapter.title)), self.first(first.text)]
            parts += [escaped(paragraph.text) for paragraph in rest]
        path.write_bytes(typst.compile("\n\n".join(parts).encode()))


LAYOUTS = {
    "ragged lines, blank lines between paragraphs": Print(
        f"#set page(width: 140mm, height: 200mm, margin: 18mm, {FOOT})\n"
        "#set text(size: 11pt, hyphenate: false)\n#set par(justify: false, spacing: 1.4em)\n"
    ),
    "two columns, number in the head": Print(
        "#set page(width: 210mm, height: 260mm, margin: 18mm, columns: 2, header: context "
        "{ if calc.even(counter(page).get().first()) [#counter(page).display() #h(1fr) BEL-AMI] "
        f"else [MAUPASSANT #h(1fr) #counter(page).display()] }})\n#set text(size: 10pt)\n{BOOK}"
    ),
    "chapter numbers like any line": Print(
        "#set page(width: 120mm, height: 180mm, margin: 15mm, "
        "header: align(center)[#smallcaps[Bel-Ami] — #context counter(page).display()])\n"
        f"#set text(size: 10pt)\n{BOOK}",
        bare_opening,
    ),
    "another font, letter-spaced titles, dashed numbers": Print(
        "#set page(width: 210mm, height: 297mm, margin: 25mm, "
        "footer: context align(right)[— #counter(page).display() —])\n"
        '#set text(size: 12pt, font: "New Computer Modern", hyphenate: true)\n'
        "#set par(justify: true, first-line-indent: (amount: 2em, all: true), spacing: 0.65em)\n",
        spaced_opening,
    ),
    "drop caps": Print(
        f"#set page(width: 120mm, height: 180mm, margin: 15mm, {FOOT})\n#set text(size: 10pt)\n{BOOK}", first=dropped
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_text_comes_back_from_every_layout(name: str, shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data / "novels" / "FRA02701_Maupassant.txt").read_text(encoding="utf-8")
    chapters = parse_novel(raw_to_markup(text, "Bel-Ami")).chapters[:CHAPTERS]
    LAYOUTS[name].typeset(chapters, tmp_path / "book.pdf")
    book = read_pdf(tmp_path / "book.pdf")
    expected = words_of([paragraph.text for chapter in chapters for paragraph in chapter.paragraphs])
    wrong = sum(one.words for one in differences(expected, found_words(book)))
    assert wrong <= 0.0002 * len(expected)
    assert len(book.chapters) == CHAPTERS
    paragraphs = len({sentence.paragraph for sentence in book.sentences})
    assert abs(paragraphs - sum(len(chapter.paragraphs) for chapter in chapters)) <= 0.01 * paragraphs
