"""Ways to a server that can be cut, slowed and silenced: TCP proxies in one thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import psutil

from feuilleton_local.ports import LOOPBACK

_PIECE_BYTES = 64 * 1024
_CONNECT_SECONDS = 2.0
T = TypeVar("T")


@dataclass(eq=False)
class _Passage:
    """One connection through a link. `client_port` tells whose it is."""

    client_port: int
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


@dataclass(eq=False)
class Link:
    """Listens on `port` and leads to the first of `targets` that answers, beginning with another one each time.

    All methods belong to the loop's thread: see `Net`.
    """

    name: str
    port: int
    targets: Sequence[int]
    delay_seconds: float = 0.0
    cuts: int = 0
    _passages: set[_Passage] = field(default_factory=set)
    _turn: int = 0
    _server: asyncio.Server | None = None

    def __post_init__(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, LOOPBACK, self.port)

    def silence(self, *, silent: bool) -> None:
        """Whether bytes stay under way: no error, no answer."""
        if silent:
            self._flows.clear()
        else:
            self._flows.set()

    def cut(self, ports: frozenset[int]) -> None:
        """Break the connections of these clients."""
        for passage in list(self._passages):
            if passage.client_port in ports:
                self.cuts += 1
                passage.cut()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = await self._open_target()
        if opened is None:
            writer.transport.abort()
            return
        target_reader, target_writer = opened
        passage = _Passage(writer.get_extra_info("peername")[1], (writer, target_writer))
        self._passages.add(passage)
        upward = asyncio.create_task(self._pump(reader, target_writer))
        try:
            await self._pump(target_reader, writer)
            # A server that closed takes no more: who sends to it all the same hears so at once, as without a link.
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()
        finally:
            upward.cancel()
            self._passages.discard(passage)
            passage.cut()

    async def _open_target(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        self._turn += 1
        for step in range(len(self.targets)):
            port = self.targets[(self._turn + step) % len(self.targets)]
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(LOOPBACK, port)
        return None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side ends; a half that is closed is closed on the other side too."""
        with suppress(OSError):
            while piece := await reader.read(_PIECE_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()
            writer.write_eof()


class Net:
    """The thread in which links and whatever else needs a loop live."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="net", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop, wait for the result."""
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(60)

    def add(self, name: str, port: int, targets: Sequence[int]) -> Link:
        async def make() -> Link:
            link = Link(name, port, targets)
            await link.open()
            return link

        self.links[name] = self.run(make())
        return self.links[name]

    def slow(self, name: str, seconds: float) -> None:
        self.links[name].delay_seconds = seconds

    def silence(self, name: str, *, silent: bool) -> None:
        self._call(lambda: self.links[name].silence(silent=silent))

    def cut(self, name: str, pid: int) -> None:
        """Break the connections that a process has through a link."""
        link = self.links[name]
        with suppress(psutil.Error):
            open_now = psutil.Process(pid).net_connections(kind="tcp")
            ports = frozenset(each.laddr.port for each in open_now if each.raddr and each.raddr.port == link.port)
            self._call(lambda: link.cut(ports))

    def _call(self, act: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(act)
