"""From the pages of a book to its source sentences: the pure stages in their order. Runs in a subprocess."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from feuilleton.contracts.documents import Chapter, SourceSentence
from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.french.cleaning import clean_text
from feuilleton.french.halves import begins_inside, stays_open
from feuilleton.french.hyphenation import read_vocabulary
from feuilleton.french.names import read_names
from feuilleton.french.segmentation import split_paragraph
from splitter.layout import measure
from splitter.lexicon import french_words, other_words
from splitter.matter import LeftOutText
from splitter.pages import Line, OutlineEntry, Page, ReadLimits, join_pieces
from splitter.running_heads import remove_running_heads
from splitter.structure import Paragraph, ParagraphKind, find_structure
from splitter.text_layer import PICTURE_SHARE, PageKind, is_scan, judge_pages


@dataclass(frozen=True)
class BookText:
    """What was found in a book. Page numbers are 1-based and in order. `pictures` must be read from their image;
    `doubtful` are scans whose bad text stands in where that cannot be done, in `sentences` like any other. All pages
    with bad recognition are in `bad_ocr`, whatever is done about them.
    """

    sentences: tuple[SourceSentence, ...]
    chapters: tuple[Chapter, ...]
    pictures: tuple[int, ...]
    text_pages: int
    doubtful: tuple[int, ...] = ()
    bad_ocr: tuple[int, ...] = ()
    left_out: tuple[LeftOutText, ...] = ()


def read_book(
    pages: Sequence[Page],
    outline: Sequence[OutlineEntry],
    settings: JobSettings,
    most_sentences: int = ReadLimits().book_sentences,
) -> BookText:
    """The sentences of a book in order. Pure: the same pages and settings give the same book.

    Raises InvalidInputError (`too_big`) for more than `most_sentences`.
    """
    bare = remove_running_heads([_clean_page(page, settings) for page in pages])
    layers = judge_pages(bare, french_words(), other_words)
    texts = [page for page in bare if layers.kinds[page.number] in (PageKind.TEXT, PageKind.DOUBTFUL)]
    vocabulary = read_vocabulary((line.text for page in texts for line in page.lines), french_words())
    gaps = tuple(_gaps(bare, layers.kinds))
    structure = find_structure(
        texts,
        outline,
        measure(texts),
        vocabulary,
        fix_hyphenation=settings.fix_hyphenation,
        include_matter=settings.include_matter,
        apart={gap.behind for gap in gaps},
    )
    told: list[Paragraph] = []
    left_out = list(structure.left_out)
    for paragraph in structure.paragraphs:
        if settings.include_matter or (paragraph.kind is ParagraphKind.TEXT and paragraph.matter is None):
            told.append(paragraph)
        else:
            left_out.extend(paragraph.left_out())
    return BookText(
        sentences=_without_rest(_sentences(told, most_sentences), gaps),
        chapters=structure.chapters,
        pictures=_of_kind(layers.kinds, PageKind.PICTURE),
        text_pages=len(texts),
        doubtful=_of_kind(layers.kinds, PageKind.DOUBTFUL),
        bad_ocr=layers.bad,
        left_out=tuple(left_out),
    )


def _of_kind(kinds: Mapping[int, PageKind], wanted: PageKind) -> tuple[int, ...]:
    return tuple(number for number, kind in kinds.items() if kind is wanted)


@dataclass(frozen=True)
class _Gap:
    """A place where the text of one page does not go on with that of the next: the last page before it and the first
    behind it that have text, 0 where there is none.
    """

    before: int
    behind: int


def _gaps(pages: Sequence[Page], kinds: Mapping[int, PageKind]) -> Iterator[_Gap]:
    """A doubtful page may be read anew and stands for itself; behind a page that could not be read, or a scan among
    scans, the sentence before it is not the one behind it. A picture in a typeset book is a plate.
    """
    gap = among_scans = False
    last = 0
    for page in pages:
        kind = kinds[page.number]
        if kind is PageKind.PICTURE:
            gap = gap or among_scans or page.image_share < PICTURE_SHARE
        elif kind is not PageKind.BLANK:
            if gap or kind is PageKind.DOUBTFUL:
                yield _Gap(last, page.number)
            gap = kind is PageKind.DOUBTFUL
            among_scans = is_scan(page)
            last = page.number
    if gap:
        yield _Gap(last, 0)


def _clean_page(page: Page, settings: JobSettings) -> Page:
    lines = (_clean_line(line, settings) for line in join_pieces(page.lines))
    return replace(page, lines=tuple(line for line in lines if line.text))


def _clean_line(line: Line, settings: JobSettings) -> Line:
    """A soft hyphen at the end of a line is a break like any other."""
    text = f"{line.text[:-1]}-" if line.text.endswith("\u00ad") else line.text
    return replace(line, text=clean_text(text, preserve_formatting=settings.preserve_formatting))


def _sentences(paragraphs: Sequence[Paragraph], most: int) -> tuple[SourceSentence, ...]:
    found: list[SourceSentence] = []
    names = read_names(paragraph.text for paragraph in paragraphs)
    for number, paragraph in enumerate(paragraphs):
        for span in split_paragraph(paragraph.text, names):
            if len(found) == most:
                raise InvalidInputError(f"over {most} sentences", code="too_big")
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


def _without_rest(sentences: Sequence[SourceSentence], gaps: Sequence[_Gap]) -> tuple[SourceSentence, ...]:
    """The sentences with those marked of which the rest stands behind or before a gap."""
    before, behind = {gap.before for gap in gaps}, {gap.behind for gap in gaps}
    pages = [sentence.page for sentence in sentences]
    cut: set[int] = set()
    for at, (sentence, page) in enumerate(zip(sentences, pages, strict=True)):
        first = page in behind and (at == 0 or pages[at - 1] < page)
        end = next((one for one in (page, page + 1) if one in before), 0)  # it may run over from one page to the next
        last = end > 0 and (at + 1 == len(pages) or pages[at + 1] > end)
        if (first and begins_inside(sentence.text)) or (last and stays_open(sentence.text)):
            cut.add(at)
    return tuple(one.model_copy(update={"cut_by_page": True}) if at in cut else one for at, one in enumerate(sentences))
