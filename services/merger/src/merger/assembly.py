"""Checkpoints and source sentences to card lines in book order (pure).

No text is compared with another: a sentence that an author repeats is a card each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feuilleton.contracts.documents import (
    CardDraft,
    CardLine,
    Checkpoint,
    DroppedLine,
    Manifest,
    ManifestChunk,
    SourceSentence,
)
from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import SentenceId

UNACCOUNTED = "unaccounted"


class ForeignCardError(PipelineError):
    """A card of a sentence that its chunk does not hold. The chunk counts as missing, under this code."""

    code = "bad_checkpoint"


@dataclass(frozen=True)
class AssembledChunk:
    """One good chunk. Each of its sentences stands behind a card (`represented`) or in `dropped`."""

    cards: tuple[CardLine, ...]
    dropped: tuple[DroppedLine, ...]
    sentences: int

    @property
    def represented(self) -> int:
        return self.sentences - len(self.dropped)

    def to_bytes(self) -> bytes:
        return b"".join(line.to_bytes() + b"\n" for line in self.cards)


def in_book_order(manifest: Manifest) -> list[ManifestChunk]:
    """The chunks by the page on which they begin; a page without text comes after the text that begins there."""
    return sorted(manifest.chunks, key=lambda chunk: (min(chunk.pages, default=0), chunk.index))


def chapter_titles(manifest: Manifest) -> dict[int, str]:
    return {chapter.number: chapter.title for chapter in manifest.chapters}


def assemble_chunk(
    sentences: Sequence[SourceSentence], checkpoint: Checkpoint, titles: Mapping[int, str]
) -> AssembledChunk:
    """The cards of a chunk in the order of its sentences; cards of one sentence keep their order.

    A sentence that the checkpoint forgot is listed as dropped (`unaccounted`). Raises ForeignCardError for
    a card of a sentence that the chunk does not hold.
    """
    places = {sentence.id: place for place, sentence in enumerate(sentences)}
    for card in checkpoint.cards:
        if not all(source in places for source in (card.source_id, *card.also)):
            raise ForeignCardError(f"chunk {checkpoint.index} has a card of a foreign sentence")
    ordered = sorted(checkpoint.cards, key=lambda card: places[card.source_id])
    represented = {source for card in ordered for source in (card.source_id, *card.also)}
    reasons = {drop.source_id: drop.reason for drop in checkpoint.dropped}
    return AssembledChunk(
        cards=tuple(_line(card, sentences, places, titles) for card in ordered),
        dropped=tuple(
            DroppedLine(
                source_id=sentence.id,
                page=sentence.page,
                text=sentence.text,
                reason=reasons.get(sentence.id, UNACCOUNTED),
            )
            for sentence in sentences
            if sentence.id not in represented
        ),
        sentences=len(sentences),
    )


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
