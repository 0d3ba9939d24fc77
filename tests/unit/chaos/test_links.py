"""A way that can be cut, silenced and slowed, and finds another target when one is gone."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from feuilleton_local.ports import LOOPBACK, free_ports
from tests.chaos.links import Link


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """Its first target does not answer."""
    dead, echo, port = free_ports(3)
    async with await asyncio.start_server(answer, LOOPBACK, echo):
        link = Link("test", port, [echo, dead])
        await link.open()
        yield link


async def say(link: Link, connection: "tuple[asyncio.StreamReader, asyncio.StreamWriter] | None" = None) -> bytes:
    reader, writer = connection or await asyncio.open_connection(LOOPBACK, link.port)
    writer.write(b"hello\n")
    return await reader.readline()


async def test_what_is_said_comes_back_whichever_target_has_its_turn(link: Link) -> None:
    assert [await say(link) for _ in range(4)] == [b"hello\n"] * 4


async def test_only_the_connections_of_that_client_are_cut(link: Link) -> None:
    ours = await asyncio.open_connection(LOOPBACK, link.port)
    other = await asyncio.open_connection(LOOPBACK, link.port)
    assert [await say(link, each) for each in (ours, other)] == [b"hello\n"] * 2
    link.cut(frozenset({ours[1].get_extra_info("sockname")[1]}))
    with suppress(ConnectionError):  # an end or an error, as the bytes under way would have it
        assert await asyncio.wait_for(ours[0].read(), 5) == b""
    assert await say(link, other) == b"hello\n"
    assert link.cuts == 1


async def test_a_server_that_resets_is_heard_of_at_once() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    target, port = free_ports(2)
    async with await asyncio.start_server(reset, LOOPBACK, target):
        link = Link("test", port, [target])
        await link.open()
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"hello\n")
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_silence_is_no_error_and_ends(link: Link) -> None:
    link.silence(silent=True)
    waiting = asyncio.create_task(say(link))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    link.silence(silent=False)
    assert await waiting == b"hello\n"


async def test_a_slow_way_takes_its_time_in_both_directions(link: Link) -> None:
    link.delay_seconds = 0.1
    began = time.monotonic()
    assert await say(link) == b"hello\n"
    assert time.monotonic() - began >= 0.2
