"""A novel with all that publishers put around one, typeset: what is told, and what is left out."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import typst

from eval.measures.fidelity import read_pdf
from feuilleton.contracts.documents import LeftOut, MatterKind
from feuilleton.contracts.job_settings import JobSettings
from feuilleton_sample.markup import parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup
from feuilleton_sample.typeset import read_sample, typeset_raw_novel
from splitter.matter import gather
from splitter.planning import BookText
from tests.integration.splitter.reading import NOVELS

NOTE = "Le feuilleton était le bas d’un journal."
PREFACE = "Ce roman parut d’abord dans un journal de province. Son auteur ne le relut jamais."
SETUP = """
#set text(lang: "fr", font: "Libertinus Serif", size: 10pt, hyphenate: true)
#set smartquote(enabled: false)
#set page(width: 120mm, height: 180mm, margin: 15mm, footer: context align(center)[#counter(page).display()])
#set par(justify: true, first-line-indent: 1em, spacing: 0.65em)
#show heading: it => { set text(weight: "regular", size: 14pt); v(15mm); align(center, it.body); v(8mm) }
"""
TITLE_PAGE = "#page(footer: none)[#align(center)[#v(30mm) #text(size: 24pt)[LE PASSEUR] #v(20mm) roman]]"
IMPRINT_PAGE = "#page(footer: none)[#v(1fr) © 1889, Éditions du Quai. Tous droits réservés. ISBN 2-07-036024-8]"
COLOPHON = "#pagebreak()\nAchevé d’imprimer en mai 1889 sur les presses du Quai.\n\nDépôt légal : mai 1889."


def heading(level: int, title: str) -> str:
    return f"#pagebreak(weak: true)\n#heading(level: {level})[{title}]"


def escaped(text: str) -> str:
    return "".join(f"\\{ch}" if ch in "\\#*_`$<>@=~/[]\"'-" else ch for ch in text)


def paragraphs() -> list[str]:
    """The sample's prose: 84 paragraphs for each of four chapters."""
    return [text for text in plain_text(parse_novel(read_sample()), scans=False) if "\n" not in text]


def typeset(folder: Path) -> tuple[Path, Sequence[str]]:
    """The book, and the words of its story."""
    texts = paragraphs()
    share = len(texts) // 4
    parts = [SETUP, TITLE_PAGE, IMPRINT_PAGE, heading(1, "PRÉFACE"), PREFACE]
    for number in range(4):
        if number % 2 == 0:
            parts.append(f"#page(footer: none)[#heading(level: 1)[{('PREMIÈRE', 'DEUXIÈME')[number // 2]} PARTIE]]")
        parts.append(heading(2, ("I", "II")[number % 2]))
        first, *rest = texts[number * share : (number + 1) * share]
        parts.append(f"{escaped(first)} #footnote[{NOTE}]" if number == 0 else escaped(first))
        parts += [escaped(text) for text in rest]
    parts += [heading(1, "FIN"), heading(1, "NOTES"), "Page 4 : le passeur mène les gens d’une rive à l’autre."]
    parts += [
        heading(1, "DU MÊME AUTEUR"),
        "Les Nuits de Malemort.",
        "#pagebreak()\n#outline(title: [Table])",
        COLOPHON,
    ]
    path = folder / "book.pdf"
    path.write_bytes(typst.compile("\n\n".join(parts).encode()))
    return path, " ".join(texts[: 4 * share]).split()


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[str]]:
    return typeset(tmp_path_factory.mktemp("matter"))


def words_of(book: BookText) -> list[str]:
    return " ".join(sentence.text for sentence in book.sentences).split()


def left_out(book: BookText) -> dict[MatterKind, LeftOut]:
    return {one.kind: one for one in gather(book.left_out)}


def test_all_of_the_story_is_told_and_nothing_else(printed: tuple[Path, Sequence[str]]) -> None:
    path, story = printed
    assert words_of(read_pdf(path)) == story


def test_each_chapter_bears_its_part(printed: tuple[Path, Sequence[str]]) -> None:
    assert [one.title for one in read_pdf(printed[0]).chapters] == [
        "PREMIÈRE PARTIE — I",
        "PREMIÈRE PARTIE — II",
        "DEUXIÈME PARTIE — I",
        "DEUXIÈME PARTIE — II",
    ]


def test_what_is_left_out_is_told_by_kind(printed: tuple[Path, Sequence[str]]) -> None:
    found = left_out(read_pdf(printed[0]))
    assert set(found) == set(MatterKind)
    assert found[MatterKind.TITLE].pages == (1,)
    assert found[MatterKind.PREFACE].pages == (3,)
    assert found[MatterKind.PREFACE].words == len(PREFACE.split())
    assert found[MatterKind.FOOTNOTES].words == len(NOTE.split())


def test_include_matter_tells_the_rest_too(printed: tuple[Path, Sequence[str]]) -> None:
    book = read_pdf(printed[0], JobSettings(include_matter=True))
    texts = [sentence.text for sentence in book.sentences]
    for sentence in ("Son auteur ne le relut jamais.", NOTE, "Les Nuits de Malemort.", "Dépôt légal\u00a0: mai 1889."):
        assert sentence.replace("\u00a0", " ") in [text.replace("\u00a0", " ") for text in texts]
    assert book.chapters[0].title == "PRÉFACE"
    assert set(left_out(book)) == {MatterKind.CONTENTS}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOVELS)
def test_of_a_whole_novel_nothing_is_left_out_but_title_and_contents(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    text = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
    path = tmp_path / "novel.pdf"
    path.write_bytes(typeset_raw_novel(text, NOVELS[name]))
    book = read_pdf(path)
    assert set(left_out(book)) == {MatterKind.TITLE, MatterKind.CONTENTS}
    assert left_out(book)[MatterKind.TITLE].pages == (1, 2)
    assert (book.bad_ocr, book.doubtful, book.pictures) == ((), (), ())
    novel = parse_novel(raw_to_markup(text, NOVELS[name]))
    parts = [one.part for one in novel.chapters]
    assert all(
        part is None or title.title.startswith(f"{part} — ") for part, title in zip(parts, book.chapters, strict=True)
    )
