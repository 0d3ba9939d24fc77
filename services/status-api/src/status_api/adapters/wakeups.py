"""Wakeups by LISTEN on one connection of its own: the projector notifies when a transaction commits."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
import structlog

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import translated_errors
from feuilleton.streaming.closing import end_task
from status_api.adapters.postgres_store import CHANNEL
from status_api.ports import Bell

_RETRY_SECONDS = 1.0
_PROBE_SECONDS = 10.0
_TIMEOUT_SECONDS = 5.0
log = structlog.get_logger(__name__)


class _EventBell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        rang = self._rung.is_set()
        self._rung.clear()
        return rang


class PostgresWakeups:
    """Wakeups. While the connection is away nobody is woken; all are when it is back."""

    def __init__(self, database_url: str, *, service: str) -> None:
        self._url = database_url
        self._service = service
        self._bells: dict[JobId, set[_EventBell]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="wakeups")

    async def stop(self) -> None:
        await end_task(self._task)

    @contextmanager
    def listen(self, job: JobId) -> Iterator[Bell]:
        bell = _EventBell()
        self._bells[job].add(bell)
        try:
            yield bell
        finally:
            self._bells[job].discard(bell)
            if not self._bells[job]:
                del self._bells[job]

    async def _follow(self) -> None:
        while True:
            try:
                with translated_errors():
                    await self._listen_until_lost()
            except DatabaseUnavailableError:
                await asyncio.sleep(_RETRY_SECONDS)

    async def _listen_until_lost(self) -> None:
        settings = {"application_name": f"{self._service}-wakeups"}
        connection = await asyncpg.connect(self._url, timeout=_TIMEOUT_SECONDS, server_settings=settings)
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._ring_all()
            while True:
                await asyncio.sleep(_PROBE_SECONDS)
                await connection.execute("SELECT 1", timeout=_TIMEOUT_SECONDS)
        finally:
            connection.terminate()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for job in json.loads(str(payload)):
            for bell in self._bells.get(job, ()):
                bell.ring()

    def _ring_all(self) -> None:
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()
