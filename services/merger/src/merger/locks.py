"""One lock per job, held in memory only while somebody wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from feuilleton.contracts.ids import JobId


@dataclass
class _Lock:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


class JobLocks:
    """What happens to one job in this process happens one after the other; jobs do not wait for each other."""

    def __init__(self) -> None:
        self._locks: dict[JobId, _Lock] = {}

    @asynccontextmanager
    async def of(self, job: JobId) -> AsyncIterator[None]:
        entry = self._locks.setdefault(job, _Lock())
        entry.wanted += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.wanted -= 1
            if not entry.wanted:
                del self._locks[job]

    def __len__(self) -> int:
        return len(self._locks)
