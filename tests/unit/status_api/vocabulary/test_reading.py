import asyncio

import pytest

from feuilleton.contracts.ids import new_job_id
from feuilleton.storage.objects import open_store
from status_api.documents import StoredDocuments
from status_api.exports.building import TooManyExportsError, Workshop
from status_api.exports.delivery import Deliveries
from status_api.vocabulary import reading
from status_api.vocabulary.reading import Vocabularies
from tests.unit.status_api.evil_cards import evil_cards
from tests.unit.status_api.exports.conftest import store_cards

pytestmark = pytest.mark.heavy


async def test_those_who_ask_at_once_wait_for_their_turn_and_one_too_many_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_WAITING", 3)
    store = open_store("memory:///")
    result = await store_cards(store, new_job_id(), evil_cards())
    vocabularies = Vocabularies(Deliveries(store, StoredDocuments(store), Workshop(1)))
    asked = [vocabularies.choose(result, ["bonjour"], None) for _ in range(4)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found if isinstance(each, Exception)] == [TooManyExportsError]
    first, again = await asyncio.gather(vocabularies.of(result), vocabularies.of(result))
    assert first is again
    assert await vocabularies.of(result) is first
