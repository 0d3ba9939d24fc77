"""Sentences of which a page has only a part: the rest stands on a page that another reader reads. Pure."""

from collections.abc import Sequence

from feuilleton.contracts.documents import ChunkKind, DroppedSentence, SourceSentence
from feuilleton.french.halves import begins_inside, stays_open

CUT_BY_PAGE = "cut_by_page"


def cut_by_page(sentences: Sequence[SourceSentence], kind: ChunkKind) -> tuple[DroppedSentence, ...]:
    """Half a sentence is no card: what the splitter tells of text; of a page, the first sentence where it begins inside
    one, and the last where it does not end.
    """
    cut = {one.id: one for one in sentences if one.cut_by_page}
    if kind is ChunkKind.PAGE and sentences and begins_inside(sentences[0].text):
        cut[sentences[0].id] = sentences[0]
    if kind is ChunkKind.PAGE and sentences and stays_open(sentences[-1].text):
        cut[sentences[-1].id] = sentences[-1]
    return tuple(DroppedSentence(source_id=one.id, reason=CUT_BY_PAGE) for one in cut.values())
