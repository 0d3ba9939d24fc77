"""Apply a service's Alembic scripts to its own schema. Safe when several replicas do it at once."""

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK = 0x66657569  # any number that no other lock of this database uses
_CONNECT_TIMEOUT_SECONDS = 10.0


async def migrate(database_url: str, *, schema: str, scripts: Path) -> None:
    """Apply what is missing, in one transaction under an advisory lock: the second process waits, then finds all
    done. The version table stands inside the schema, so that dropping the schema drops it too.

    Raises OSError or asyncpg.PostgresError when the database does not answer or refuses.
    """

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database_url, timeout=_CONNECT_TIMEOUT_SECONDS)

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema
        command.upgrade(config, "head")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
