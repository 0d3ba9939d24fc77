"""`Prefer: wait=N` (RFC 7240): an answer held back until something ended, N seconds are over, or nobody waits."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress

from starlette.requests import Request

from feuilleton.contracts.errors import TransientError
from feuilleton.observability import metrics
from feuilleton.streaming.closing import end_task

_LONGEST_NUMBER = 9
PREFER: dict[str, object] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N` holds the answer back until the end, N seconds at most (RFC 7240).",
    "schema": {"type": "string"},
    "example": "wait=20",
}
"""The OpenAPI parameter."""


def wanted_seconds(prefer: Iterable[str]) -> int | None:
    """The `wait` of the header's lines, None where there is none that can be read. The first one counts. Pure."""
    for preference in ",".join(prefer).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":
            text = value.strip().strip('"')
            readable = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
            return int(text) if readable else None
    return None


class Waits:
    """The answers of one process that are held back. `limit` at the same time, `longest_seconds` each."""

    def __init__(self, *, limit: int, longest_seconds: int) -> None:
        self._limit = limit
        self._longest_seconds = longest_seconds
        self._held = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let all go now, and hold none from here on: the process stops."""
        self._closing.set()

    async def hold(self, request: Request, until: Callable[[], Coroutine[None, None, None]]) -> dict[str, str]:
        """Return when `until` is done, when the seconds that the client asked for are over, when it has gone away, or
        when the process stops; at once where it asked for none, or where no place is free: a preference may be
        ignored. Of a server that is away (TransientError) nothing is told: the answer only comes earlier.

        The field to answer with: that the preference was applied, or nothing.
        """
        seconds = min(wanted_seconds(request.headers.getlist("prefer")) or 0, self._longest_seconds)
        return {"Preference-Applied": f"wait={seconds}"} if await self._hold(request, until, seconds) else {}

    async def hold_long(self, request: Request, until: Callable[[], Coroutine[None, None, None]]) -> None:
        """As `hold`, for a route that always waits, as long as any answer may."""
        await self._hold(request, until, self._longest_seconds)

    async def _hold(self, request: Request, until: Callable[[], Coroutine[None, None, None]], seconds: int) -> bool:
        """Whether it was held at all."""
        if not seconds or self._held >= self._limit or self._closing.is_set():
            return False
        ends = [asyncio.create_task(end) for end in (until(), _gone(request), self._closes())]
        self._count(1)
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._count(-1)
            for end in ends:
                with suppress(TransientError):
                    await end_task(end)
        return True

    async def _closes(self) -> None:
        await self._closing.wait()

    def _count(self, change: int) -> None:
        self._held += change
        metrics.ANSWERS_HELD.set(self._held)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
