"""The commit point of a consumer that finishes its messages in any order (pure)."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Partition(NamedTuple):
    """A topic partition. Equal to, and hashed as, the broker client's own pair of the two."""

    topic: str
    number: int


class Delivery(StrEnum):
    """What a delivered offset is to this process: `NEW` work, a message whose work runs already (`JOINED`),
    or one whose effect is durable (`FINISHED`). Only `NEW` asks for anything to be done.
    """

    NEW = "new"
    JOINED = "joined"
    FINISHED = "finished"


@dataclass
class _Log:
    """One partition. `waiting` holds the offsets of this assignment from the watermark on, in order."""

    assigned: bool = True
    waiting: deque[int] = field(default_factory=deque)
    next_offset: int | None = None
    unfinished: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)

    def commit_point(self) -> int | None:
        while self.waiting and self.waiting[0] not in self.unfinished:
            self.finished.discard(self.waiting.popleft())
        return self.waiting[0] if self.waiting else self.next_offset


class Watermark:
    """Tracks delivered offsets, and the highest offset of each partition below which all is finished.

    Offsets may have gaps: the watermark runs over what was delivered. The tracker outlives a rebalance: what
    was unfinished or finished when a partition was revoked is still known when it comes back, so that a
    redelivered offset is recognised. Not thread-safe.
    """

    def __init__(self) -> None:
        self._logs: dict[Partition, _Log] = {}

    def assign(self, partitions: Iterable[Partition]) -> frozenset[Partition]:
        """Start an assignment: delivery begins again from the committed offset of each partition.

        Returns the partitions of the assignment before that did not come back. Stop their work, then `forget` them.
        """
        assigned = frozenset(partitions)
        for partition in assigned:
            log = self._logs.setdefault(partition, _Log())
            log.assigned = True
            log.waiting.clear()
            log.next_offset = None
        return frozenset(self._logs) - assigned

    def revoke(self) -> None:
        """Stop committing until the next `assign`: the partitions may belong to another member."""
        for log in self._logs.values():
            log.assigned = False

    def forget(self, partition: Partition) -> None:
        """Drop a partition that went to another member. Unknown partitions are fine."""
        self._logs.pop(partition, None)

    def deliver(self, partition: Partition, offset: int) -> Delivery:
        """Note an offset that the broker delivered. Offsets of one assignment rise.

        Raises KeyError for a partition that is not assigned.
        """
        log = self._logs[partition]
        if not log.assigned:
            raise KeyError(partition)
        if log.next_offset is None:
            # Below the first delivered offset all was committed, so nothing there is asked for again.
            log.finished = {known for known in log.finished if known >= offset}
        log.waiting.append(offset)
        log.next_offset = offset + 1
        if offset in log.finished:
            return Delivery.FINISHED
        if offset in log.unfinished:
            return Delivery.JOINED
        log.unfinished.add(offset)
        return Delivery.NEW

    def has_delivered(self, partition: Partition) -> bool:
        """Whether anything of this partition was delivered since the last `assign`."""
        log = self._logs.get(partition)
        return log is not None and log.next_offset is not None

    def finish(self, partition: Partition, offset: int) -> None:
        """The effect of this message is durable. Repeats, and offsets of forgotten partitions, are ignored."""
        log = self._logs.get(partition)
        if log is None or offset not in log.unfinished:
            return
        log.unfinished.remove(offset)
        log.finished.add(offset)

    def commit_points(self) -> dict[Partition, int]:
        """For each assigned partition that delivered something: the offset to read next after a restart.

        Every offset delivered below it is finished. With all finished it is one past the last delivered.
        """
        points: dict[Partition, int] = {}
        for partition, log in self._logs.items():
            point = log.commit_point() if log.assigned else None
            if point is not None:
                points[partition] = point
        return points

    def held_up(self) -> dict[Partition, tuple[int, int]]:
        """For each assigned partition: the offset that its commit waits for, and how many finished ones wait behind."""
        held = {}
        for partition, log in self._logs.items():
            point = log.commit_point() if log.assigned else None
            if point is not None and log.finished and log.waiting:
                held[partition] = (point, len(log.finished))
        return held

    def unfinished(self) -> int:
        """How many offsets are delivered and not finished, over all partitions."""
        return sum(len(log.unfinished) for log in self._logs.values())
