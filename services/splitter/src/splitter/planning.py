"""From the pages of a book to its source sentences: the pure stages in their order. Runs in a subprocess."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from feuilleton.contracts.documents import Chapter, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.french.cleaning import clean_text
from feuilleton.french.hyphenation import read_vocabulary
from feuilleton.french.names import read_names
from feuilleton.french.segmentation import split_paragraph
from splitter.layout import measure
from splitter.lexicon import french_words
from splitter.pages import Line, OutlineEntry, Page, join_pieces
from splitter.running_heads import remove_running_heads
from splitter.structure import Paragraph, ParagraphKind, find_structure
from splitter.text_layer import PageKind, page_kind


@dataclass(frozen=True)
class BookText:
    """What was found in a book. `pictures` are the 1-based numbers of the pages that must be read from their image."""

    sentences: tuple[SourceSentence, ...]
    chapters: tuple[Chapter, ...]
    pictures: tuple[int, ...]
    text_pages: int


def read_book(pages: Sequence[Page], outline: Sequence[OutlineEntry], settings: JobSettings) -> BookText:
    """The sentences of a book in order. Pure: the same pages and settings give the same book."""
    bare = remove_running_heads([_clean_page(page, settings) for page in pages])
    kinds = {page.number: page_kind(page) for page in bare}
    texts = [page for page in bare if kinds[page.number] is PageKind.TEXT]
    vocabulary = read_vocabulary((line.text for page in texts for line in page.lines), french_words())
    structure = find_structure(texts, outline, measure(texts), vocabulary, fix_hyphenation=settings.fix_hyphenation)
    return BookText(
        sentences=_sentences(structure.paragraphs),
        chapters=structure.chapters,
        pictures=tuple(number for number, kind in kinds.items() if kind is PageKind.PICTURE),
        text_pages=len(texts),
    )


def _clean_page(page: Page, settings: JobSettings) -> Page:
    lines = (_clean_line(line, settings) for line in join_pieces(page.lines))
    return replace(page, lines=tuple(line for line in lines if line.text))


def _clean_line(line: Line, settings: JobSettings) -> Line:
    """A soft hyphen at the end of a line is a break like any other."""
    text = f"{line.text[:-1]}-" if line.text.endswith("\u00ad") else line.text
    return replace(line, text=clean_text(text, preserve_formatting=settings.preserve_formatting))


def _sentences(paragraphs: Sequence[Paragraph]) -> tuple[SourceSentence, ...]:
    """Of the text alone: footnotes are recognised and left out, as titles and tables of contents are."""
    found: list[SourceSentence] = []
    texts = [paragraph for paragraph in paragraphs if paragraph.kind is ParagraphKind.TEXT]
    names = read_names(paragraph.text for paragraph in texts)
    for number, paragraph in enumerate(texts):
        for span in split_paragraph(paragraph.text, names):
            found.append(
                SourceSentence(
                    id=SentenceId(f"s{len(found) + 1:06d}"),
                    text=span.text,
                    page=paragraph.page_at(span.start),
                    chapter=paragraph.chapter,
                    paragraph=number,
                    dialogue=span.dialogue,
                    hard_cut=span.hard_cut,
                )
            )
    return tuple(found)
