"""The object store over obstore: a folder, memory, S3, GCS or Azure by URL."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import HTTPStore, LocalStore, MemoryStore, from_url

from feuilleton.contracts.errors import ObjectNotFoundError, StoreUnavailableError
from feuilleton.storage.ports import ObjectInfo, ObjectStore

_PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller part
_CHECK_KEY = "health/probe"
_Store = obstore.store.ObjectStore
_T = TypeVar("_T")


def open_store(url: str) -> ObjectStore:
    """The store at `url` (`file:///folder`, `memory:///`, `s3://bucket/prefix`, `gs://`, `az://`).

    A folder is made if missing. Credentials come from the environment as obstore reads it (AWS_...).
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return Objects(MemoryStore())
    if parts.scheme == "file":
        return Objects(LocalStore(Path(unquote(parts.path)), mkdir=True))
    retry = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
    options = {"timeout": "30s", "connect_timeout": "3s", "allow_http": True}
    return Objects(from_url(url, client_options=options, retry_config=retry))  # type: ignore[call-overload]


class Objects:
    """ObjectStore on one obstore store. Contract: `feuilleton.storage.ports.ObjectStore`."""

    def __init__(self, store: _Store) -> None:
        self._store = store

    async def get(self, key: str) -> bytes:
        result = await _asked(obstore.get_async(self._store, key))
        return bytes(await _asked(result.bytes_async()))

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        if end <= start:
            return b""
        return bytes(await _asked(obstore.get_range_async(self._store, key, start=start, end=end)))

    async def find(self, key: str) -> bytes | None:
        try:
            return await self.get(key)
        except ObjectNotFoundError:
            return None

    async def exists(self, key: str) -> bool:
        try:
            await _asked(obstore.head_async(self._store, key))
        except ObjectNotFoundError:
            return False
        return True

    async def put(self, key: str, body: bytes) -> None:
        await _asked(obstore.put_async(self._store, key, body))

    async def create(self, key: str, body: bytes) -> bool:
        try:
            await _asked(obstore.put_async(self._store, key, body, mode="create"))
        except _TakenError:
            return False
        return True

    async def put_stream(self, key: str, body: AsyncIterator[bytes]) -> int:
        written = 0
        writer = obstore.open_writer_async(self._store, key, buffer_size=_PART_BYTES)
        try:
            async for part in body:
                await _asked(writer.write(part))
                written += len(part)
        except BaseException:
            # Closing is the only way to let go of a writer, and may publish what came so far: take that back.
            with suppress(StoreUnavailableError):
                await _asked(writer.close())
            with suppress(StoreUnavailableError):
                await self.delete(key)
            raise
        await _asked(writer.close())
        return written

    async def download(self, key: str, path: Path) -> None:
        result = await _asked(obstore.get_async(self._store, key))
        with path.open("wb") as file:
            async for part in _asked_parts(result.stream(min_chunk_size=_PART_BYTES)):
                file.write(part)

    async def copy(self, source: str, target: str) -> None:
        await _asked(obstore.copy_async(self._store, source, target))

    async def move(self, source: str, target: str) -> None:
        try:
            await _asked(obstore.rename_async(self._store, source, target))
        except ObjectNotFoundError:
            if not await self.exists(target):
                raise

    async def delete(self, key: str) -> None:
        with suppress(ObjectNotFoundError):
            await _asked(obstore.delete_async(self._store, key))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        async for batch in _asked_parts(obstore.list(self._store, prefix)):
            for meta in batch:
                yield ObjectInfo(meta["path"], meta["size"], meta["last_modified"])

    async def link_to(self, key: str, *, seconds: int) -> str | None:
        if isinstance(self._store, LocalStore | MemoryStore | HTTPStore):
            return None
        return await _asked(obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds)))

    async def check(self) -> None:
        await self.exists(_CHECK_KEY)


class _TakenError(Exception):
    """Something stands at the key of a create."""


async def _asked(call: Awaitable[_T]) -> _T:
    """Await a call to the store with its errors in our terms."""
    try:
        return await call
    except (NotFoundError, FileNotFoundError) as exc:
        raise ObjectNotFoundError("no such object") from exc
    except AlreadyExistsError as exc:
        raise _TakenError from exc
    except (BaseError, OSError) as exc:
        raise StoreUnavailableError(f"{type(exc).__name__}: {str(exc)[:200]}") from exc


async def _asked_parts(parts: AsyncIterable[_T]) -> AsyncIterator[_T]:
    """What the store sends bit by bit, with its errors in our terms; those of whoever takes them are their own."""
    sent = aiter(parts)
    while True:
        try:
            part = await _asked(anext(sent))
        except StopAsyncIteration:
            return
        yield part
