"""Ingest's tables, in a database of one test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import ingest
from feuilleton.database.migrations import migrate
from feuilleton.database.pool import Database


async def make_tables(database_url: str) -> None:
    await migrate(database_url, schema="ingest", scripts=Path(str(ingest.__file__)).parent / "migrations")


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    await make_tables(fresh_database_url)
    made = Database(fresh_database_url, service="tests", size=4)
    await made.start()
    yield made
    await made.stop()
