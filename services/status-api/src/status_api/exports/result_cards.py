"""The cards of a whole result, read from the store bit by bit."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.storage.ports import ObjectStore
from status_api.card_pages import joined
from status_api.documents import ByteRange

_PART_BYTES = 256 * 1024
_CARDS_AT_ONCE = 100  # a few milliseconds of work


async def lines_of(store: ObjectStore, result: str, ranges: Sequence[ByteRange]) -> AsyncIterator[bytes]:
    """cards.jsonl as it stands, in parts that end anywhere. Raises ObjectNotFoundError, StoreUnavailableError."""
    key = ids.cards_key(result)
    for first, end in joined(ranges):
        for start in range(first, end, _PART_BYTES):
            yield await store.get_range(key, start, min(end, start + _PART_BYTES))


async def parsed(lines: AsyncIterator[bytes]) -> AsyncIterator[Sequence[CardLine]]:
    """The cards, some at a time; other requests get their turn in between."""
    rest = b""
    async for part in lines:
        *whole, rest = (rest + part).split(b"\n")
        for first in range(0, len(whole), _CARDS_AT_ONCE):
            yield [CardLine.model_validate_json(line) for line in whole[first : first + _CARDS_AT_ONCE]]
            await asyncio.sleep(0)
    if rest:
        yield [CardLine.model_validate_json(rest)]
