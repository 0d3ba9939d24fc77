"""The campaign's S3 server: what an ObjectStore needs of it, and nothing of a body that was cut."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from feuilleton.storage.objects import open_store
from feuilleton_local.ports import LOOPBACK, free_ports
from tests.chaos.store_server import BUCKET
from tests.chaos.system import store_server

pytestmark = pytest.mark.heavy


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    (port,) = free_ports(1)
    for name, value in {
        "AWS_ENDPOINT": f"http://{LOOPBACK}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    server = store_server(tmp_path, port)
    server.start()
    try:
        store = open_store(f"s3://{BUCKET}")
        asyncio.run(store.put("before", b"kept"))
        server.kill()
        server.start()
        yield port
    finally:
        server.stop()


def test_it_keeps_objects_over_a_kill_creates_once_lists_and_deletes(port: int) -> None:
    async def use() -> None:
        store = open_store(f"s3://{BUCKET}")
        assert await store.get("before") == b"kept"
        created = await asyncio.gather(*(store.create("folder/once", b"x") for _ in range(8)))
        assert sorted(created) == [False] * 7 + [True]
        assert [info.key async for info in store.list("folder/")] == ["folder/once"]
        await store.delete("folder/once")
        assert not await store.exists("folder/once")

    asyncio.run(use())


def test_of_a_body_that_was_cut_nothing_is_stored(port: int) -> None:
    with socket.create_connection((LOOPBACK, port)) as connection:
        head = f"PUT /{BUCKET}/half HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b"only this")
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            assert b"IncompleteBody" in answer.read()
    assert not asyncio.run(open_store(f"s3://{BUCKET}").exists("half"))
