"""The object store as the services need it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ObjectInfo:
    key: str
    size_bytes: int
    modified: datetime


class ObjectStore(Protocol):
    """Objects by key. Every method raises StoreUnavailableError when the store does not answer (retry with
    backoff) and is safe to repeat. Keys come from `feuilleton.contracts.ids` only.
    """

    async def get(self, key: str) -> bytes:
        """The whole object. Raises ObjectNotFoundError."""
        ...

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of an object. Raises ObjectNotFoundError."""
        ...

    async def find(self, key: str) -> bytes | None:
        """The whole object, or None where there is none."""
        ...

    async def exists(self, key: str) -> bool: ...

    async def put(self, key: str, body: bytes) -> None:
        """Write, over what stands there. Durable when it returns; a reader never sees half of it."""
        ...

    async def create(self, key: str, body: bytes) -> bool:
        """Write once: True if this call wrote it, False if something stands there already (left as it is)."""
        ...

    async def put_stream(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Write a stream in parts, with bounded memory. Returns the bytes written. If `body` raises, nothing
        stands at `key` and the error goes through.
        """
        ...

    async def download(self, key: str, path: Path) -> None:
        """Copy an object to a local file with bounded memory. Raises ObjectNotFoundError."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Copy inside the store, over what stands there; the bytes do not come here. Raises ObjectNotFoundError."""
        ...

    async def move(self, source: str, target: str) -> None:
        """Copy then delete; repeatable: with the source gone and the target there it is done already.
        Raises ObjectNotFoundError when neither is there.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; nothing there is fine."""
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Objects below a prefix (which ends in `/`), in no promised order."""
        ...

    async def link_to(self, key: str, *, seconds: int) -> str | None:
        """A URL by which anybody can read the object for so long, whether it is there or not. None where the store
        makes no such links.
        """
        ...

    async def check(self) -> None:
        """Raise StoreUnavailableError if the store cannot be read just now."""
        ...
