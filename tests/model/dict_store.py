"""An ObjectStore in a dict, whose calls never leave the event loop: under it a test alone decides what comes next.

It passes the contract suite of object stores.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from feuilleton.contracts.errors import ObjectNotFoundError
from feuilleton.storage.ports import ObjectInfo


class DictStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes:
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectNotFoundError("no such object") from None

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        return (await self.get(key))[start:end]

    async def find(self, key: str) -> bytes | None:
        return self.objects.get(key)

    async def exists(self, key: str) -> bool:
        return key in self.objects

    async def put(self, key: str, body: bytes) -> None:
        self.objects[key] = bytes(body)

    async def create(self, key: str, body: bytes) -> bool:
        if key in self.objects:
            return False
        await self.put(key, body)
        return True

    async def put_stream(self, key: str, body: AsyncIterator[bytes]) -> int:
        whole = b"".join([part async for part in body])
        await self.put(key, whole)
        return len(whole)

    async def download(self, key: str, path: Path) -> None:
        path.write_bytes(await self.get(key))  # noqa: ASYNC240 - nothing else runs

    async def copy(self, source: str, target: str) -> None:
        await self.put(target, await self.get(source))

    async def move(self, source: str, target: str) -> None:
        if source not in self.objects and target in self.objects:
            return
        await self.put(target, await self.get(source))
        del self.objects[source]

    async def link_to(self, key: str, *, seconds: int) -> str | None:  # noqa: ARG002
        return None

    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        for key, body in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(body), datetime.now(UTC))

    async def check(self) -> None:
        return
