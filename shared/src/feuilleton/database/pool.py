"""A bounded asyncpg pool, and the database's errors in our terms."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import structlog

from feuilleton.contracts.errors import DatabaseUnavailableError

ACQUIRE_TIMEOUT_SECONDS = 5.0
_CONNECT_TIMEOUT_SECONDS = 5.0
_COMMAND_TIMEOUT_SECONDS = 15.0
_IDLE_SECONDS = 300.0
_SERVER_SETTINGS = {
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
}
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its state machine, met by a statement just when the connection broke (seen)
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting up
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # serialization, deadlock
    asyncpg.ReadOnlySQLTransactionError,  # a standby after a failover
)
log = structlog.get_logger(__name__)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise DatabaseUnavailableError for what an outage of the server looks like; let our own faults through."""
    try:
        yield
    except _AWAY as exc:
        if isinstance(exc, ValueError):  # asyncpg's own word for a wrong argument: a bug, not an outage
            raise
        log.warning("database_unavailable", error=type(exc).__name__)
        raise DatabaseUnavailableError(type(exc).__name__) from exc


class Database:
    """A pool that can be built while the server is away: it connects at first use, and again after an outage."""

    def __init__(self, url: str, *, service: str, size: int = 10) -> None:
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            timeout=_CONNECT_TIMEOUT_SECONDS,
            command_timeout=_COMMAND_TIMEOUT_SECONDS,
            max_inactive_connection_lifetime=_IDLE_SECONDS,
            server_settings={**_SERVER_SETTINGS, "application_name": service},
        )

    async def start(self) -> None:
        with translated_errors():
            await self._pool

    async def stop(self) -> None:
        self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool, outside of any transaction. Raises DatabaseUnavailableError."""
        with translated_errors():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection inside one transaction, committed when the block ends. Raises DatabaseUnavailableError:
        when it comes from the commit itself, the outcome is not known.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def check(self) -> None:
        """Raise DatabaseUnavailableError unless the server answers now."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")
