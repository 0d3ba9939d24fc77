"""From the lines seen on one page to its sentences. Pure.

One page alone tells less than a book: a head or a page number is left out only where its place and its form
both say so, and the picture of an engraving, in which every recogniser sees a few letters, has no text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from extractor.page_reading.recognised import Row
from feuilleton.french.cleaning import clean_text
from feuilleton.french.hyphenation import HYPHEN, Vocabulary, join_broken, read_vocabulary
from feuilleton.french.segmentation import split_paragraph

_SURE_ROW = 45.0  # of 100: printed lines have 80 to 96, the strokes of an engraving 10 to 40
_FEWEST_WORDS = 3
_KNOWN_SHARE = 0.5  # of the words of three letters or more; good pages have 0.9
_APART = 1.4  # times the usual distance of lines
_LETTERS = re.compile(r"[^\W\d_]+")
_PAGE_NUMBER = re.compile(r"^\W*(?:\d{1,4}|[ivxlcIVXLC]{1,7})\W*$")
_NUMBER_AT_END = re.compile(r"^\W{0,2}\d{1,4}\b|\b\d{1,4}\W{0,2}$")
_HEAD_WORDS = 10
_BREAKS = ("-", "¬", "‐", "­")
_ENDS = re.compile(r"[.!?…:»][\s»”\")]*$")
_OPENING_DASH = re.compile(r"^[-–—]{1,2}\s+")
_STRAY_MARK = re.compile(r"^[‘'’`.,|_~-]+(?=[^\W\d_])")  # specks beside the margin, read as marks
_LOW_QUOTE = re.compile(r"(?<!\S)‘(?=\w)")
_BEFORE_HIGH_MARK = re.compile(r"(?<=[\w»”)’…])\s?([;!?])")
_BEFORE_COLON = re.compile(r"(?<=[^\W\d]|[»)])\s?:(?=\s|$)")

Knows = Callable[[str], bool]


class IllegiblePageError(Exception):
    """There is writing on the page, but what was seen of it is no French."""


def page_sentences(rows: Sequence[Row], knows: Knows) -> tuple[tuple[str, bool], ...]:
    """The sentences in reading order, each with whether it is dialogue; none for a picture.

    `knows` says whether a word in small letters is French. Raises IllegiblePageError.
    """
    sure = [row for row in rows if row.sureness >= _SURE_ROW]
    words = [word for row in sure for word in _LETTERS.findall(row.text.lower()) if len(word) >= 3]  # noqa: PLR2004
    if len(words) < _FEWEST_WORDS:
        return ()
    if sum(knows(word) for word in words) < _KNOWN_SHARE * len(words):
        raise IllegiblePageError(f"{len(words)} words, most of them unknown")
    body = _without_furniture(sure)
    vocabulary = read_vocabulary(_clean(row.text) for row in body)
    return tuple(
        (span.text, span.dialogue)
        for paragraph in _paragraphs(body, vocabulary, knows)
        for span in split_paragraph(paragraph)
    )


def _without_furniture(rows: list[Row]) -> list[Row]:
    """Without page numbers at head and foot, and a head that stands apart in capitals or with a number."""
    usual = median([below.top - above.top for above, below in pairwise(rows)] or [0])
    while rows and _PAGE_NUMBER.match(rows[-1].text) and len(rows) > 1:
        rows = rows[:-1]
    while len(rows) > 1 and (_PAGE_NUMBER.match(rows[0].text) or _is_head(rows[0], rows[1], usual)):
        rows = rows[1:]
    return rows


def _is_head(row: Row, below: Row, usual: float) -> bool:
    apart = below.top - row.top > _APART * usual
    capitals = row.text.upper() == row.text
    return apart and len(row.words) <= _HEAD_WORDS and (capitals or bool(_NUMBER_AT_END.search(row.text)))


def _paragraphs(rows: Sequence[Row], vocabulary: Vocabulary, knows: Knows) -> Iterator[str]:
    """As tesseract saw them by their indents; one that breaks off in the middle of a sentence goes on in the next."""
    held = ""
    for _, group in groupby(rows, key=lambda row: row.paragraph):
        text = _joined([row.text for row in group], vocabulary, knows)
        if held and not _ENDS.search(held) and text[:1].islower():
            held = _appended(held, text, vocabulary, knows)
            continue
        if held:
            yield _french_spaces(held)
        held = text
    if held:
        yield _french_spaces(held)


def _joined(lines: Sequence[str], vocabulary: Vocabulary, knows: Knows) -> str:
    text = ""
    for line in lines:
        text = _appended(text, _clean(line), vocabulary, knows) if text else _clean(line)
    return text


def _appended(text: str, line: str, vocabulary: Vocabulary, knows: Knows) -> str:
    if not text.endswith(HYPHEN):
        return f"{text} {line}"
    line = _STRAY_MARK.sub("", line)
    broken = _LETTERS.search(text[-30:].rsplit(maxsplit=1)[-1][:-1]), _LETTERS.match(line)
    if all(broken) and knows("".join(part.group() for part in broken if part).lower()):
        return text[:-1] + line
    return join_broken(text, line, vocabulary, fix_hyphenation=True)


def _clean(line: str) -> str:
    """A line in the normal form of text, with the curly apostrophes of print: a recogniser gives either."""
    if line.endswith(_BREAKS):
        line = line[:-1] + HYPHEN
    line = _LOW_QUOTE.sub("", clean_text(line, preserve_formatting=True)).replace("'", "’").replace("‘", "’")
    return _OPENING_DASH.sub("—\u00a0", line)


def _french_spaces(text: str) -> str:
    """The no-break spaces of French print, which no recogniser sees."""
    text = _BEFORE_HIGH_MARK.sub("\u202f\\1", text)
    text = _BEFORE_COLON.sub("\u00a0:", text)
    return re.sub(r"\s*»", "\u00a0»", re.sub(r"«\s*", "«\u00a0", text))
