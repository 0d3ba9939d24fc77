"""One suite for every ObjectStore: memory (the fake of unit tests), a folder, and S3."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from moto.server import ThreadedMotoServer

from feuilleton.contracts.errors import ObjectNotFoundError, StoreUnavailableError
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton_local.ports import LOOPBACK, free_ports
from tests.model.dict_store import DictStore

PART = 3_000_000


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    (port,) = free_ports(1)
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=port, verbose=False)
    server.start()
    yield f"http://{LOOPBACK}:{port}"
    server.stop()


@pytest.fixture(params=["dict", "memory", "file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    if request.param == "dict":
        return DictStore()
    if request.param == "memory":
        return open_store("memory:///")
    if request.param == "file":
        return open_store((tmp_path / "é and space").as_uri())
    endpoint = request.getfixturevalue("s3_endpoint")
    bucket = tmp_path.name.replace("_", "-").lower()[-50:].strip("-")
    httpx.put(f"{endpoint}/{bucket}", headers={"Host": "s3.amazonaws.com"}).raise_for_status()
    for name, value in {
        "AWS_ENDPOINT": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{bucket}/folder")


async def parts(*bodies: bytes, fault: Exception | None = None) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body
    if fault is not None:
        raise fault


async def test_what_was_put_is_read_whole_and_in_ranges(store: ObjectStore) -> None:
    await store.put("a/b.json", b"0123456789")
    assert await store.get("a/b.json") == b"0123456789"
    assert await store.get_range("a/b.json", 2, 5) == b"234"
    assert await store.get_range("a/b.json", 5, 5) == b""


async def test_a_put_replaces(store: ObjectStore) -> None:
    await store.put("a", b"old")
    await store.put("a", b"new")
    assert await store.get("a") == b"new"


async def test_only_the_first_create_writes(store: ObjectStore) -> None:
    assert await store.create("a/once", b"first")
    assert not await store.create("a/once", b"second")
    assert await store.get("a/once") == b"first"


async def test_nothing_there_is_told_by_type(store: ObjectStore) -> None:
    assert await store.find("nothing") is None
    assert not await store.exists("nothing")
    for read in (
        store.get("nothing"),
        store.get_range("nothing", 0, 1),
        store.move("nothing", "else"),
        store.copy("nothing", "else"),
    ):
        with pytest.raises(ObjectNotFoundError):
            await read
    await store.delete("nothing")


async def test_a_stream_is_written_whole(store: ObjectStore, tmp_path: Path) -> None:
    assert await store.put_stream("big", parts(b"a" * PART, b"b" * PART, b"c")) == 2 * PART + 1
    await store.download("big", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"a" * PART + b"b" * PART + b"c"


async def test_an_empty_stream_is_an_empty_object(store: ObjectStore) -> None:
    assert await store.put_stream("empty", parts()) == 0
    assert await store.get("empty") == b""


async def test_a_stream_that_breaks_leaves_nothing(store: ObjectStore) -> None:
    with pytest.raises(KeyError):
        await store.put_stream("broken", parts(b"a" * 2 * PART, b"b" * PART, fault=KeyError("client gone")))
    assert not await store.exists("broken")


async def test_a_copy_leaves_what_it_was_made_of_and_outlives_it(store: ObjectStore) -> None:
    await store.put("from", b"x")
    await store.put("to/there", b"old")
    await store.copy("from", "to/there")
    await store.copy("from", "to/there")
    assert (await store.get("from"), await store.get("to/there")) == (b"x", b"x")
    await store.put("from", b"y")
    await store.delete("from")
    assert await store.get("to/there") == b"x"


async def test_a_move_can_be_repeated(store: ObjectStore) -> None:
    await store.put("from", b"x")
    await store.move("from", "to/there")
    await store.move("from", "to/there")
    assert (await store.exists("from"), await store.get("to/there")) == (False, b"x")


async def test_a_listing_holds_what_is_below_the_prefix_and_nothing_beside_it(store: ObjectStore) -> None:
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/10/a", "other"):
        await store.put(key, b"xy")
    found = [info async for info in store.list("jobs/1/")]
    assert sorted(info.key for info in found) == ["jobs/1/a", "jobs/1/b/c"]
    assert {info.size_bytes for info in found} == {2}
    assert all(info.modified.tzinfo is not None for info in found)


async def test_a_delete_removes_one(store: ObjectStore) -> None:
    await store.put("a", b"x")
    await store.put("b", b"x")
    await store.delete("a")
    assert (await store.exists("a"), await store.exists("b")) == (False, True)


async def test_a_link_reads_one_object_for_a_while_where_the_store_makes_links(
    store: ObjectStore, request: pytest.FixtureRequest
) -> None:
    await store.put("jobs/1/a b.jsonl", b"xyz")
    link = await store.link_to("jobs/1/a b.jsonl", seconds=90)
    if "s3" not in request.node.callspec.id:
        assert link is None
        return
    assert link is not None
    async with httpx.AsyncClient() as anybody:
        assert (await anybody.get(link)).content == b"xyz"
    query = parse_qs(urlsplit(link).query)
    assert query["X-Amz-Expires"] == ["90"]
    assert query["X-Amz-Signature"]
    assert urlsplit(link).path.endswith("/folder/jobs/1/a%20b.jsonl")


async def test_a_store_that_answers_passes_its_check(store: ObjectStore) -> None:
    await store.check()


async def test_a_store_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT", f"http://{LOOPBACK}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    away = open_store("s3://bucket/folder")
    with pytest.raises(StoreUnavailableError):
        await away.check()
