"""Books that are done, in rows and in the store, and an API that reads them: no broker is asked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.storage.objects import open_store
from status_api import bootstrap
from tests.integration.status_api.conftest import World, a_client, serving
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.exports.conftest import store_cards
from tests.unit.status_api.story import Story, a_story

NOWHERE = "127.0.0.1:1"


@dataclass(frozen=True)
class FinishedBook:
    story: Story
    cards: Sequence[CardLine]
    stored: bytes

    @property
    def url(self) -> str:
        return f"/v1/jobs/{self.story.job}"


async def finish_book(world: World, cards: Sequence[CardLine], *, tenant: str = "default") -> FinishedBook:
    """A job of one tenant that ended with these cards."""
    story = a_story(tenant=tenant)
    store = open_store(world.store_url)
    folder = await store_cards(store, story.job, cards)
    await fold_rows(world, *story.whole()[:-1], story.ended(result=folder))
    return FinishedBook(story, cards, await store.get(ids.cards_key(folder)))


@asynccontextmanager
async def reading_api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with bootstrap.api_parts(world.api_settings) as parts, serving(parts) as address, a_client(address) as api:
        yield api
