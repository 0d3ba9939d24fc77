"""Which chunks of an attempt are in. What is held here is a cache over the store: losing it costs reads alone."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId

# Entries count one for each chunk, so that a few huge books cannot fill the memory; this many cost about 20 MB.
DEFAULT_CACHED_CHUNKS = 200_000


@dataclass
class FanIn:
    """One attempt: the chunks of its manifest, those in, and those whose chunk.finished was published.

    `end` is what was published as its end; `repeated` are the chunks heard of since then.
    """

    expected: frozenset[int]
    arrived: set[int] = field(default_factory=set)
    announced: set[int] = field(default_factory=set)
    end: JobEnded | None = None
    repeated: set[int] = field(default_factory=set)

    def arrive(self, index: int) -> None:
        """Count a chunk whose chunk.finished is published. Repeats, and indices of no chunk, change nothing."""
        if index in self.expected:
            self.arrived.add(index)
            self.announced.add(index)

    def repeat(self, index: int) -> bool:
        """Note that a chunk came again after the end. True when all have: somebody had the whole attempt published
        again, because its end was not found.
        """
        if index in self.expected:
            self.repeated.add(index)
        if self.repeated != self.expected:
            return False
        self.repeated.clear()
        return True

    def correct(self, stored: Iterable[int]) -> None:
        """Replace what was heard by what the store holds."""
        self.arrived = set(self.expected.intersection(stored))

    @property
    def complete(self) -> bool:
        return self.arrived == self.expected


class FanInCache:
    """The attempts used last, bounded in chunks; 0 keeps nothing."""

    def __init__(self, max_chunks: int = DEFAULT_CACHED_CHUNKS) -> None:
        self._max_chunks = max_chunks
        self._held: OrderedDict[tuple[JobId, int], FanIn] = OrderedDict()
        self._chunks = 0

    def get(self, job: JobId, attempt: int) -> FanIn | None:
        found = self._held.get((job, attempt))
        if found is not None:
            self._held.move_to_end((job, attempt))
        return found

    def put(self, job: JobId, attempt: int, fan_in: FanIn) -> None:
        """Keep it, and let go of those that were not used for the longest time."""
        self._drop((job, attempt))
        self._held[job, attempt] = fan_in
        self._chunks += _weight(fan_in)
        while self._chunks > self._max_chunks:
            self._drop(next(iter(self._held)))

    def forget(self, job: JobId) -> None:
        """Drop all attempts of a job."""
        for key in [key for key in self._held if key[0] == job]:
            self._drop(key)

    def clear(self) -> None:
        """Drop everything: other members may have counted chunks of the same attempts meanwhile."""
        self._held.clear()
        self._chunks = 0

    def __len__(self) -> int:
        return len(self._held)

    def _drop(self, key: tuple[JobId, int]) -> None:
        dropped = self._held.pop(key, None)
        if dropped is not None:
            self._chunks -= _weight(dropped)


def _weight(fan_in: FanIn) -> int:
    return len(fan_in.expected) + 1
