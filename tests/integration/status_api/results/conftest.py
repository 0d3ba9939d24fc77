"""Books that are done are read without a broker."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.status_api.conftest import World
from tests.integration.status_api.finished_books import NOWHERE, reading_api


@pytest.fixture
async def world(fresh_database_url: str, object_store_url: str) -> World:
    found = World(NOWHERE, "none-", fresh_database_url, object_store_url)
    await found.migrate()
    return found


@pytest.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with reading_api(world) as client:
        yield client
