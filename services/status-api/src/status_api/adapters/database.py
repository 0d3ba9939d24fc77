"""Postgres' errors about the projection in our terms, on top of the shared pool's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asyncpg import exceptions as pg

from feuilleton.contracts.errors import DatabaseUnavailableError
from feuilleton.streaming.folding import UnstorableError

SCHEMA = "projection"
"""What can be dropped and folded again."""
KEPT_SCHEMA = "status"
"""What only Postgres knows: no rebuild touches it."""
_MIGRATIONS = Path(__file__).parent.parent / "migrations"
SCRIPTS = {name: _MIGRATIONS / name for name in (KEPT_SCHEMA, SCHEMA)}

_NOT_MIGRATED = (
    pg.UndefinedTableError,
    pg.InvalidSchemaNameError,
    pg.InvalidCatalogNameError,
    pg.InvalidCachedStatementError,  # the schema was dropped and made again under this connection
)
_REFUSED = (pg.DataError, pg.ProgramLimitExceededError)


@contextmanager
def projection_errors() -> Iterator[None]:
    """Raise DatabaseUnavailableError while the schema is not there, UnstorableError for what it never takes."""
    try:
        yield
    except _NOT_MIGRATED as exc:
        raise DatabaseUnavailableError(f"not migrated: {type(exc).__name__}") from exc
    except _REFUSED as exc:
        raise UnstorableError(type(exc).__name__) from exc
