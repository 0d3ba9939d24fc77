"""Sentences that a page has only in part: the rest stands on a page that another reader reads. Pure."""

import re
from collections.abc import Sequence

from feuilleton.contracts.documents import DroppedSentence, SourceSentence

CUT_BY_PAGE = "cut_by_page"
_BEGINS_INSIDE = re.compile(r"^[\s,;:)]*[a-zà-öø-ÿœæ]")
_ENDS = re.compile(r"[.!?…:»”\")\]—*][\s»”\")\]]*$")


def cut_by_page(sentences: Sequence[SourceSentence]) -> tuple[DroppedSentence, ...]:
    """The first sentence of a page where it begins inside one, and the last where it does not end: half a sentence is
    no card.
    """
    cut: dict[str, SourceSentence] = {}
    if sentences and _BEGINS_INSIDE.match(sentences[0].text):
        cut[sentences[0].id] = sentences[0]
    if sentences and not _ENDS.search(sentences[-1].text):
        cut[sentences[-1].id] = sentences[-1]
    return tuple(DroppedSentence(source_id=one.id, reason=CUT_BY_PAGE) for one in cut.values())
