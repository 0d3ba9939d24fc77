"""The adapters of this process, wrapped: each tells the trap what it is about to do, and what it has done.

The services know nothing of it. What is wrapped stays as it is: the real store, broker and database.
"""

import asyncio
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from aiokafka import AIOKafkaConsumer
from asyncpg.transaction import Transaction

from feuilleton.contracts.events import Message
from feuilleton.storage.objects import Objects
from feuilleton.streaming.kafka import KafkaPublisher
from tests.faults.failpoints.trap import Operation, Point, Trap

_STATEMENTS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")
Describe = Callable[..., str]
_publish_all = KafkaPublisher.publish_all


def wrap_all(trap: Trap) -> None:
    for name in ("put", "create", "put_stream"):
        _wrap(Objects, name, trap, Operation.PUT, lambda _store, key, *_: str(key))
    _wrap(Objects, "delete", trap, Operation.DELETE, lambda _store, key: str(key))
    for name in ("move", "copy"):
        _wrap(Objects, name, trap, Operation.MOVE, lambda _store, source, target: f"{source} {target}")
    _wrap(AIOKafkaConsumer, "commit", trap, Operation.OFFSETS, lambda _consumer, offsets: _places(offsets))
    _wrap_publisher(trap)
    _wrap_database(trap)


def _wrap(owner: type, name: str, trap: Trap, operation: Operation, describe: Describe) -> None:
    """Calls of a method of a class, as operations whose target `describe` makes of the arguments."""
    original = getattr(owner, name)

    @functools.wraps(original)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        target = describe(*args, **kwargs)
        if trap.springs(operation, target, before=True):
            trap.die()
        armed = trap.armed
        answer = await original(*args, **kwargs)
        if armed and trap.springs(operation, target):
            trap.die()
        return answer

    setattr(owner, name, wrapped)


def _places(offsets: Mapping[Any, Any]) -> str:
    """Values are offsets, or pairs of an offset and what stands beside it."""
    pairs = {part: at if isinstance(at, tuple) else (at, "") for part, at in offsets.items()}
    return " ".join(f"{part.topic}/{part.partition}@{at[0]}{at[1]}" for part, at in sorted(pairs.items()))


def _wrap_publisher(trap: Trap) -> None:
    """`publish` goes through `publish_all`. Of a batch, what stands before the point is published, the rest is not."""

    async def wrapped(self: KafkaPublisher, messages: list[Message]) -> None:
        for count, message in enumerate(messages, 1):
            what = _what(message)
            point = trap.springs(Operation.PUBLISH, what, before=True) or trap.springs(Operation.PUBLISH, what)
            if point is None:
                continue
            if point.silent:
                trap.reach()
                await _send_unheard(trap, self, messages, point)
                return
            await _publish_all(self, messages[: count - 1 if point.before else count])
            trap.die()
        await _publish_all(self, messages)

    KafkaPublisher.publish_all = wrapped  # type: ignore[method-assign]


def _what(message: Message) -> str:
    """Its topic, its type where it is an event of ours, and its key."""
    try:
        kind = json.loads(message.value)["type"]
    except (ValueError, KeyError, TypeError):
        kind = "unknown"
    return f"{message.topic} {kind} {message.key.decode(errors='replace')}"


async def _send_unheard(trap: Trap, publisher: KafkaPublisher, messages: list[Message], point: Point) -> None:
    """Send, and read nothing that the broker answers until the test has killed it: then the connection is gone, as
    if the broker had died after it wrote the messages down and before it said so. With `before` they are sent only
    then: the test has frozen the broker.
    """
    producer: Any = publisher._producer
    connections = list(producer.client._conns.values())
    if not point.before:
        for connection in connections:
            connection._writer.transport.pause_reading()
        sending = asyncio.ensure_future(_publish_all(publisher, messages))
    while not trap.released:  # noqa: ASYNC110 - another process writes the file
        await asyncio.sleep(0.05)
    if point.before:
        await _publish_all(publisher, messages)
        return
    for connection in connections:
        if connection._writer is not None:
            connection._writer.transport.abort()
    await sending


def _wrap_database(trap: Trap) -> None:
    said: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()  # of the transaction that is open
    for name in _STATEMENTS:
        _wrap_statement(name, trap, said)
    leave = Transaction.__aexit__

    async def wrapped(self: Any, kind: Any, exc: Any, trace: Any) -> None:
        connection = self._connection
        target = "; ".join(said.pop(connection, ()))
        if kind is None and trap.springs(Operation.ROWS, target, before=True):
            trap.die()
        armed = trap.armed
        await leave(self, kind, exc, trace)
        if armed and kind is None and trap.springs(Operation.ROWS, target):
            trap.die()

    Transaction.__aexit__ = wrapped


def _wrap_statement(name: str, trap: Trap, said: "WeakKeyDictionary[Any, list[str]]") -> None:
    original = getattr(asyncpg.Connection, name)

    @functools.wraps(original)
    async def wrapped(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        if self.is_in_transaction():
            said.setdefault(self, []).append(query)
            return await original(self, query, *args, **kwargs)
        if trap.springs(Operation.ROWS, query, before=True):
            trap.die()
        armed = trap.armed
        answer = await original(self, query, *args, **kwargs)
        if armed and trap.springs(Operation.ROWS, query):
            trap.die()
        return answer

    setattr(asyncpg.Connection, name, wrapped)
