"""Manifests and reports from the store. They never change once written, so a few are kept in memory."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from feuilleton.contracts import ids
from feuilleton.contracts.documents import Manifest, Report
from feuilleton.storage.ports import ObjectStore
from status_api.projection import Job

_KEPT_DOCUMENTS = 16  # a long novel's manifest takes about 200 kB in memory
_V = TypeVar("_V")


@dataclass(frozen=True)
class ByteRange:
    """The cards of one chunk in cards.jsonl: `cards` lines in the bytes [start, end)."""

    cards: int = 0
    start: int = 0
    end: int = 0


class StoredDocuments:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._manifests: Recent[Manifest] = Recent(_KEPT_DOCUMENTS)
        self._ranges: Recent[tuple[ByteRange, ...]] = Recent(_KEPT_DOCUMENTS)

    async def manifest(self, job: Job) -> Manifest | None:
        """None while the book is not split."""
        assert job.upload is not None  # noqa: S101  (readers give accepted jobs alone)
        key = ids.manifest_key(job.upload.tenant, job.id)
        known = self._manifests.get(key)
        if known is None:
            body = await self._store.find(key)
            if body is None:
                return None
            known = self._manifests.keep(key, Manifest.model_validate_json(body))
        return known

    async def card_ranges(self, result: str) -> tuple[ByteRange, ...]:
        """One range per chunk of the book, in book order; empty for a missing one. Raises ObjectNotFoundError."""
        known = self._ranges.get(result)
        if known is None:
            report = Report.model_validate_json(await self._store.get(ids.report_key(result)))
            ranges = tuple(ByteRange(chunk.cards, chunk.start, chunk.end) for chunk in report.chunks)
            known = self._ranges.keep(result, ranges)
        return known


class Recent(Generic[_V]):
    """The last values asked for, `size` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, _V] = OrderedDict()

    def get(self, key: Hashable) -> _V | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def keep(self, key: Hashable, value: _V) -> _V:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)
        return value
