"""The part of a FoldStore on Postgres that is the same for all: offsets beside the rows, moved in one transaction."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import asyncpg
from asyncpg import exceptions as pg

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.database.pool import Database
from feuilleton.streaming.folding import Batch, Record, UnstorableError

_NOT_MIGRATED = (
    pg.UndefinedTableError,
    pg.UndefinedColumnError,
    pg.InvalidSchemaNameError,
    pg.InvalidCatalogNameError,
    pg.InvalidCachedStatementError,  # the schema was dropped and made again under this connection
)
_REFUSED = (pg.DataError, pg.ProgramLimitExceededError)


@contextmanager
def folding_errors() -> Iterator[None]:
    """Raise DatabaseUnavailableError while the schema is not there, UnstorableError for what it never takes."""
    try:
        yield
    except _NOT_MIGRATED as exc:
        raise DatabaseUnavailableError(f"not migrated: {type(exc).__name__}") from exc
    except _REFUSED as exc:
        raise UnstorableError(type(exc).__name__) from exc


@dataclass(frozen=True)
class FoldTurn:
    """What is left to fold of a batch. Where nothing is due, the rows are beyond the batch or behind its start."""

    connection: asyncpg.Connection
    records: tuple[Record, ...]
    due: bool
    next_offset: int


class FoldedOffsets:
    """The offsets of a FoldStore, in a table (topic, partition, next_offset) whose row is the lock of a partition:
    two folders of one partition are harmless.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._positions = f"SELECT partition, next_offset FROM {table} WHERE topic = $1"  # noqa: S608 (ours)
        self._lock = f"""
            INSERT INTO {table} AS offsets (topic, partition, next_offset) VALUES ($1, $2, 0)
            ON CONFLICT (topic, partition) DO UPDATE SET next_offset = offsets.next_offset
            RETURNING next_offset
        """  # noqa: S608
        self._move = f"UPDATE {table} SET next_offset = $3 WHERE topic = $1 AND partition = $2"  # noqa: S608
        self._raise = f"""
            INSERT INTO {table} AS offsets (topic, partition, next_offset) VALUES ($1, $2, $3)
            ON CONFLICT (topic, partition)
            DO UPDATE SET next_offset = greatest(offsets.next_offset, excluded.next_offset)
        """  # noqa: S608

    async def positions(self, topic: str) -> Mapping[int, int]:
        with folding_errors():
            async with self._database.connection() as connection:
                rows = await connection.fetch(self._positions, topic)
        return {row["partition"]: row["next_offset"] for row in rows}

    async def raise_position(self, topic: str, partition: int, offset: int) -> None:
        with folding_errors():
            async with self._database.connection() as connection:
                await connection.execute(self._raise, topic, partition, offset)

    async def begin_again(self, topic: str, partition: int, offset: int) -> None:
        """For folds that bear repetition: a log that was made anew is folded from where it begins."""
        with folding_errors():
            async with self._database.connection() as connection:
                await connection.execute(self._move, topic, partition, offset)

    @asynccontextmanager
    async def turn(self, batch: Batch) -> AsyncIterator[FoldTurn]:
        """A transaction in which what is due of a batch can be folded; the offset moves with it."""
        with folding_errors():
            async with self._database.transaction() as connection:
                stored: int = await connection.fetchval(self._lock, batch.topic, batch.partition)
                if stored < batch.start or stored >= batch.next_offset:
                    yield FoldTurn(connection, (), due=False, next_offset=stored)
                    return
                records = tuple(record for record in batch.records if record.offset >= stored)
                yield FoldTurn(connection, records, due=True, next_offset=batch.next_offset)
                await connection.execute(self._move, batch.topic, batch.partition, batch.next_offset)
