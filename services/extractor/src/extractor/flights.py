"""One flight per chunk in this process: who comes while it runs joins it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    passengers: int = 0


class Flights(Generic[T]):
    """Runs at most one piece of work per key at a time, for as long as somebody waits for it."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._landing: set[asyncio.Task[T]] = set()

    async def join(self, key: Hashable, start: Callable[[], Awaitable[T]]) -> T:
        """The result of the flight of `key`; begins it with `start` when none is in the air.

        Cancelling the caller takes it off the flight; the last one to leave aborts the flight. What
        the flight raises, every passenger gets.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._take_off(key, start)
        flight.passengers += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.passengers -= 1
            if flight.passengers == 0 and not flight.task.done():
                self._abort(key, flight)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._flights

    def __len__(self) -> int:
        return len(self._flights)

    async def close(self) -> None:
        """Abort what flies, and wait until it is down."""
        for key, flight in list(self._flights.items()):
            self._abort(key, flight)
        await asyncio.gather(*self._landing, return_exceptions=True)

    def _take_off(self, key: Hashable, start: Callable[[], Awaitable[T]]) -> _Flight[T]:
        async def run() -> T:
            return await start()

        flight = _Flight(asyncio.create_task(run()))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._clear(key, flight))
        return flight

    def _abort(self, key: Hashable, flight: _Flight[T]) -> None:
        # Cleared at once: a passenger that comes while the abort is under way needs a flight of its own.
        self._clear(key, flight)
        self._landing.add(flight.task)
        flight.task.add_done_callback(self._landing.discard)
        flight.task.cancel()

    def _clear(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
