"""What a service that folds job-events needs of its database: rows and offsets that change together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from feuilleton.contracts.events import EventData


@dataclass(frozen=True)
class Record:
    """An event at its place in job-events. `time` is the broker's append time (aware UTC)."""

    offset: int
    time: datetime
    event: EventData


@dataclass(frozen=True)
class Batch:
    """Records of one partition: all that it holds from offset `start` up to `next_offset`, in order.

    Offsets may have gaps, and `records` leaves out what was passed over (poison, unknown types).
    """

    topic: str
    partition: int
    start: int
    next_offset: int
    records: tuple[Record, ...]


class UnstorableError(Exception):
    """The database refuses the contents of this batch (a figure out of range): trying again cannot help."""


class FoldStore(Protocol):
    """Rows and offsets, changed together. Methods raise DatabaseUnavailableError when the database does not answer
    or was not migrated yet; nothing was changed then, and the call may be made again.
    """

    async def positions(self, topic: str) -> Mapping[int, int]:
        """The next offset to fold, for each partition that has one."""
        ...

    async def raise_position(self, topic: str, partition: int, offset: int) -> None:
        """Move a partition's next offset up to `offset` where it is below (the log no longer begins before it)."""
        ...

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        """The log begins at `offset`, below what is folded: it was lost and made anew. Move there where folding
        it over the rows is right. Raises LostInvariantError where it is not: an operator must decide.
        """
        ...

    async def apply(self, batch: Batch) -> int:
        """Fold a batch and move the partition's offset, in one transaction. Returns the next offset to fold.

        What another folder folded already is left out, so a batch may be given twice. When the rows are
        behind `batch.start` (they were dropped), nothing is done and that earlier offset is returned.
        Raises UnstorableError.
        """
        ...
