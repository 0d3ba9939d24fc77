"""The sample novel, its golden truth and its typesetting, and the same typesetting for other novels."""

from feuilleton_sample.markup import Chapter, Note, Novel, Paragraph, ParagraphKind, parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup
from feuilleton_sample.typeset import (
    Imprint,
    read_sample,
    typeset_novel,
    typeset_raw_novel,
    typeset_sample,
)

__all__ = [
    "Chapter",
    "Imprint",
    "Note",
    "Novel",
    "Paragraph",
    "ParagraphKind",
    "parse_novel",
    "plain_text",
    "raw_to_markup",
    "read_sample",
    "typeset_novel",
    "typeset_raw_novel",
    "typeset_sample",
]
