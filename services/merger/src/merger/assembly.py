"""Checkpoints and source sentences to card lines in book order (pure).

No text is compared with another: a sentence that an author repeats is a card each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feuilleton.contracts.card_lines import card_lines
from feuilleton.contracts.documents import CardLine, Checkpoint, DroppedLine, SourceSentence

UNACCOUNTED = "unaccounted"


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


def assemble_chunk(
    sentences: Sequence[SourceSentence], checkpoint: Checkpoint, titles: Mapping[int, str]
) -> AssembledChunk:
    """The cards of a chunk in the order of its sentences; cards of one sentence keep their order.

    A sentence that the checkpoint forgot is listed as dropped (`unaccounted`). Raises ForeignCardError for
    a card of a sentence that the chunk does not hold.
    """
    lines = card_lines(checkpoint.cards, sentences, titles)
    represented = {source for card in checkpoint.cards for source in (card.source_id, *card.also)}
    reasons = {drop.source_id: (drop.reason, drop.detail) for drop in checkpoint.dropped}
    return AssembledChunk(
        cards=lines,
        dropped=tuple(
            _dropped_line(sentence, *reasons.get(sentence.id, (UNACCOUNTED, "")))
            for sentence in sentences
            if sentence.id not in represented
        ),
        sentences=len(sentences),
    )


def _dropped_line(sentence: SourceSentence, reason: str, detail: str) -> DroppedLine:
    return DroppedLine(source_id=sentence.id, page=sentence.page, text=sentence.text, reason=reason, detail=detail)
