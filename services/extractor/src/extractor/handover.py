"""What a rebalance leaves in the air: a member finishes the chunks that it works on, wherever their partitions go, and
tells the next owner which they are, in the metadata of the offsets that it commits as it lets go (pure).

The next owner keeps those messages until their result stands in the store, or their time is up. Times are spans, each
measured on its own machine: the one that lets go begins to count first.
"""

import json
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from extractor.watermark import Partition

Spans = Mapping[int, float]
"""Seconds that remain to whoever works on it, by offset."""

_MOST_CHARACTERS = 4_000  # the broker takes 4,096 bytes
_ENTRIES = TypeAdapter(dict[int, float])


def write_handover(spans: Spans) -> str:
    """As text for an offset's metadata; empty for none. Of more than fit, the first: the others may be paid twice."""
    entries = {offset: round(seconds) for offset, seconds in sorted(spans.items()) if seconds > 0}
    while len(text := json.dumps(entries, separators=(",", ":"))) > _MOST_CHARACTERS:
        entries = dict(list(entries.items())[: len(entries) * 9 // 10])
    return text if entries else ""


def read_handover(metadata: str) -> dict[int, float]:
    """What `write_handover` wrote; nothing for what others may have written there."""
    try:
        return _ENTRIES.validate_json(metadata) if metadata else {}
    except ValidationError:
        return {}


class Inherited:
    """The offsets that members before us still work on. Times are of one monotonic clock."""

    def __init__(self) -> None:
        self._until: dict[Partition, dict[int, float]] = {}

    def replace(self, spans: Mapping[Partition, Spans], now: float) -> None:
        """Begin an assignment with these."""
        self._until = {
            partition: {offset: now + seconds for offset, seconds in offsets.items()}
            for partition, offsets in spans.items()
        }

    def until(self, partition: Partition, offset: int) -> float | None:
        """When the time of that offset's worker is up, None for one that nobody works on."""
        return self._until.get(partition, {}).get(offset)
