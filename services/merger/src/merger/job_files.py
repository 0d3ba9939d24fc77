"""The documents of one job in the object store, as the merger reads and removes them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Checkpoint, ChunkFailure, Manifest, ManifestChunk, SourceSentence
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.storage.ports import ObjectStore

BAD_CHECKPOINT = "bad_checkpoint"
MISSING = "missing"
_READS_AT_ONCE = 16
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class JobFiles:
    """One job's folder. Every method raises StoreUnavailableError, and is safe to repeat."""

    def __init__(self, store: ObjectStore, tenant: TenantId, job: JobId) -> None:
        self._store = store
        self.tenant = tenant
        self.job = job

    async def manifest(self) -> Manifest | None:
        """None for a job that is not split yet, or deleted."""
        body = await self._store.find(ids.manifest_key(self.tenant, self.job))
        return None if body is None else Manifest.model_validate_json(body)

    async def stored(self, attempt: int) -> frozenset[int]:
        """The chunks that have a checkpoint, or a failure of this attempt, as the store lists them now."""
        checkpoints = await self._indices(ids.checkpoint_key(self.tenant, self.job, 0))
        return checkpoints | await self._indices(ids.failure_key(self.tenant, self.job, attempt, 0))

    async def settled(self, chunk: ManifestChunk, attempt: int) -> Checkpoint | ChunkFailure:
        """What the store says of a chunk: a checkpoint beats a failure. One that cannot be read, or that is of
        another text, is a failure (`bad_checkpoint`), and so is neither (`missing`).
        """
        body = await self._store.find(ids.checkpoint_key(self.tenant, self.job, chunk.index))
        if body is not None:
            return _fitting(body, chunk) or self._failed(chunk, attempt, BAD_CHECKPOINT)
        body = await self._store.find(ids.failure_key(self.tenant, self.job, attempt, chunk.index))
        if body is None:
            return self._failed(chunk, attempt, MISSING)
        return ChunkFailure.model_validate_json(body)

    async def sentences(self, chunk: ManifestChunk) -> tuple[SourceSentence, ...]:
        """The source sentences of a text chunk, in book order."""
        key = ids.source_key(self.tenant, self.job)
        body = await self._store.get_range(key, chunk.source_start, chunk.source_end)
        return tuple(SourceSentence.model_validate_json(line) for line in body.splitlines() if line)

    async def remove(self) -> int:
        """Delete every object of the job. Returns the bytes of those that this call deleted."""
        freed = 0
        found = [info async for info in self._store.list(ids.job_prefix(self.tenant, self.job))]
        async for info, _ in in_order(found, lambda info: self._store.delete(info.key)):
            freed += info.size_bytes
        return freed

    def _failed(self, chunk: ManifestChunk, attempt: int, code: str) -> ChunkFailure:
        return ChunkFailure(job=self.job, index=chunk.index, attempt=attempt, code=code)

    async def _indices(self, example: str) -> frozenset[int]:
        """The numbers of the documents in the folder of `example`."""
        folder = example.rpartition("/")[0] + "/"
        names = [info.key.removeprefix(folder) async for info in self._store.list(folder)]
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return frozenset(int(stem) for stem in stems if stem.isdigit())


def _fitting(body: bytes, chunk: ManifestChunk) -> Checkpoint | None:
    try:
        checkpoint = Checkpoint.model_validate_json(body)
    except ValidationError:
        return None
    return checkpoint if checkpoint.text_hash == chunk.text_hash else None


async def in_order(
    items: Iterable[_Item], read: Callable[[_Item], Awaitable[_Answer]], *, at_once: int = _READS_AT_ONCE
) -> AsyncIterator[tuple[_Item, _Answer]]:
    """Each item with its answer, in the order of `items`, reading ahead by at most `at_once`."""
    ahead: deque[tuple[_Item, asyncio.Future[_Answer]]] = deque()
    try:
        for item in items:
            ahead.append((item, asyncio.ensure_future(read(item))))
            if len(ahead) >= at_once:
                first, future = ahead.popleft()
                yield first, await future
        while ahead:
            first, future = ahead.popleft()
            yield first, await future
    finally:
        for _, future in ahead:
            future.cancel()
        await asyncio.gather(*(future for _, future in ahead), return_exceptions=True)
