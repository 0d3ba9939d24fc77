"""Retries of the store that do not wait, and a dispatcher that is drained after the test."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from tests.unit.extractor.desk import Desk


@pytest.fixture
def no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.dispatcher.drain(0)
