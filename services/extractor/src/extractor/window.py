"""What waits and what runs in one extractor: bounded in bytes, served in turns (pure)."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from extractor.watermark import Partition
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine

# What a held message costs besides its value: the record, its headers and its place in the queues.
RECORD_BYTES = 1_024


@dataclass(frozen=True)
class Waiting:
    """A chunk message in the window. It is kept as raw bytes, because parsed it is six times as big."""

    partition: Partition
    offset: int
    tenant: TenantId
    job: JobId
    index: int
    attempt: int
    engine: Engine
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    share: int = 1

    @property
    def size_bytes(self) -> int:
        return len(self.value) + RECORD_BYTES


class _Turns:
    """The waiting chunks of one engine: tenants take turns, and within a tenant its jobs. A turn is one chunk, or as
    many in a row as the job's share says.
    """

    def __init__(self) -> None:
        self._tenants: OrderedDict[TenantId, OrderedDict[JobId, deque[Waiting]]] = OrderedDict()
        self._taken = 0  # in the turn of the first job of the first tenant

    def add(self, item: Waiting) -> None:
        jobs = self._tenants.setdefault(item.tenant, OrderedDict())
        jobs.setdefault(item.job, deque()).append(item)

    def take(self) -> Waiting | None:
        if not self._tenants:
            return None
        tenant, jobs = next(iter(self._tenants.items()))
        job, queue = next(iter(jobs.items()))
        item = queue.popleft()
        self._taken += 1
        if queue and self._taken < item.share:
            return item
        self._taken = 0
        jobs.move_to_end(job)
        if not queue:
            del jobs[job]
        self._tenants.move_to_end(tenant)
        if not jobs:
            del self._tenants[tenant]
        return item

    def remove(self, unwanted: Callable[[Waiting], bool]) -> list[Waiting]:
        """Take out what is unwanted; the order of turns stays."""
        everything = [item for jobs in self._tenants.values() for queue in jobs.values() for item in queue]
        removed = [item for item in everything if unwanted(item)]
        if removed:
            gone = set(map(id, removed))
            self._tenants.clear()
            self._taken = 0
            for item in everything:
                if id(item) not in gone:
                    self.add(item)
        return removed


class Window:
    """The messages that this process holds, waiting or running. Not thread-safe.

    `max_bytes` is shared evenly by the assigned partitions, so that none starves the others. A partition
    over its share is full: the caller pauses it, so the bound is passed by one fetch at most.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._partitions = 1
        self._held: dict[Partition, int] = {}
        self._turns: dict[Engine, _Turns] = {}

    def share_among(self, partitions: int) -> None:
        """Set how many partitions share the window."""
        self._partitions = max(partitions, 1)

    def add(self, item: Waiting) -> None:
        """Hold a message that waits for its turn. Its bytes count until `release`."""
        self.hold(item.partition, item.size_bytes)
        self._turns.setdefault(item.engine, _Turns()).add(item)

    def take(self, engine: Engine) -> Waiting | None:
        """The message of this engine whose turn it is, or None. It stays held until `release`."""
        turns = self._turns.get(engine)
        return turns.take() if turns else None

    def release(self, item: Waiting) -> None:
        """The message is done with, or given up: its bytes are free. Once per message."""
        self.let_go(item.partition, item.size_bytes)

    def hold(self, partition: Partition, size_bytes: int) -> None:
        """Count bytes that are held for something that waits for no turn; `let_go` ends it."""
        self._held[partition] = self._held.get(partition, 0) + size_bytes

    def let_go(self, partition: Partition, size_bytes: int) -> None:
        left = self._held.get(partition, 0) - size_bytes
        if left > 0:
            self._held[partition] = left
        else:
            self._held.pop(partition, None)

    def withdraw(self, unwanted: Callable[[Waiting], bool]) -> list[Waiting]:
        """Take out, and release, what waits and is unwanted. What runs stays held."""
        withdrawn = [item for turns in self._turns.values() for item in turns.remove(unwanted)]
        for item in withdrawn:
            self.release(item)
        return withdrawn

    def is_full(self, partition: Partition) -> bool:
        """Whether this partition holds its share, and should not be fetched from."""
        return self._held.get(partition, 0) >= self._max_bytes // self._partitions

    @property
    def held_bytes(self) -> int:
        return sum(self._held.values())
