"""Cards with their provenance, in book order (pure). The merger writes them into the result, status-api shows them
while the job still runs: both must say the same.
"""

from collections.abc import Mapping, Sequence

from feuilleton.contracts.documents import CardDraft, CardLine, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import SentenceId


class ForeignCardError(PipelineError):
    """A card of a sentence that its chunk does not hold. The chunk counts as missing, under this code."""

    code = "bad_checkpoint"


def in_book_order(manifest: Manifest) -> list[ManifestChunk]:
    """The chunks by index. The splitter numbers them in reading order, which page numbers alone do not tell: a page
    without text may stand behind a chunk that runs past it.
    """
    return sorted(manifest.chunks, key=lambda chunk: chunk.index)


def chapter_titles(manifest: Manifest) -> dict[int, str]:
    return {chapter.number: chapter.title for chapter in manifest.chapters}


def card_lines(
    cards: Sequence[CardDraft], sentences: Sequence[SourceSentence], titles: Mapping[int, str]
) -> tuple[CardLine, ...]:
    """The cards of a chunk in the order of its sentences; cards of one sentence keep their order.

    A merged card shows all its sources. Raises ForeignCardError for a card of a sentence that is not in `sentences`.
    """
    places = {sentence.id: place for place, sentence in enumerate(sentences)}
    for card in cards:
        if not all(source in places for source in (card.source_id, *card.also)):
            raise ForeignCardError(f"a card of {card.source_id} is in a chunk that does not hold its sentence")
    ordered = sorted(cards, key=lambda card: places[card.source_id])
    return tuple(_line(card, sentences, places, titles) for card in ordered)


def _line(
    card: CardDraft,
    sentences: Sequence[SourceSentence],
    places: Mapping[SentenceId, int],
    titles: Mapping[int, str],
) -> CardLine:
    sources = [sentences[place] for place in sorted({places[source] for source in (card.source_id, *card.also)})]
    first = sentences[places[card.source_id]]
    return CardLine(
        source_id=card.source_id,
        text=card.text,
        source_text=" ".join(source.text for source in sources),
        page=first.page,
        chapter=titles.get(first.chapter),
        method=card.method,
        flags=card.flags,
    )
