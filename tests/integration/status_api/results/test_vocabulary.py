"""The words of a result and decks for lists of words, over HTTP."""

import io
import json
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from feuilleton.contracts.events import Outcome
from status_api import body_limit
from tests.integration.status_api.conftest import World
from tests.integration.status_api.finished_books import FinishedBook, finish_book
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.story import a_story
from tests.unit.status_api.vocabulary.test_counting import a_card

pytestmark = pytest.mark.servers

TEXTS = (
    "Le maître regardait la maison.",
    "La maison était vieille et grise.",
    "Ses yeux regardaient la mer.",
    "Il se leva.",
    "La mer grise se levait devant la vieille maison.",
    "Firmin dormait.",
)
LIST = ["la maison", "se lever", "œil", "les yeux", "regarder", "gris", "éléphant"]


@pytest.fixture
async def book(world: World) -> FinishedBook:
    return await finish_book(world, [a_card(number, text) for number, text in enumerate(TEXTS)])


async def walk(api: httpx.AsyncClient, url: str, limit: int) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        params: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(f"{url}/vocabulary", params=params)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        assert len(page["items"]) <= limit
        if cursor is None:
            assert page["lemmas"] == len(found)
            return found


@pytest.mark.parametrize("limit", [1, 4, 1000])
async def test_the_vocabulary_comes_page_by_page_with_the_first_card_of_each_lemma(
    api: httpx.AsyncClient, book: FinishedBook, limit: int
) -> None:
    lemmas = await walk(api, book.url, limit)
    found = {item["lemma"]: item for item in lemmas}
    assert [item["count"] for item in lemmas] == sorted((item["count"] for item in lemmas), reverse=True)
    assert (lemmas[0]["lemma"], lemmas[0]["count"], lemmas[0]["cards"]) == ("le", 6, 4)
    assert (found["regarder"]["count"], found["regarder"]["first_card"]["text"]) == (2, TEXTS[0])
    assert (found["Firmin"]["name"], found["Firmin"]["first_card"]["page"], found["le"]["name"]) == (True, 6, False)


async def test_a_deck_is_the_fewest_cards_that_hold_the_list(api: httpx.AsyncClient, book: FinishedBook) -> None:
    deck = (await api.post(f"{book.url}/decks", json={"words": LIST})).json()
    assert (deck["words"], deck["covered"], deck["coverage"], deck["missing"]) == (6, 5, 0.8333, ["éléphant"])
    assert [card["text"] for card in deck["cards"]] == [TEXTS[2], TEXTS[4]]
    assert [card["words"] for card in deck["cards"]] == [["œil", "regarder"], ["la maison", "se lever", "gris"]]
    one = (await api.post(f"{book.url}/decks", json={"words": LIST, "most": 1})).json()
    assert ([card["text"] for card in one["cards"]], one["covered"]) == ([TEXTS[4]], 3)


async def test_a_deck_downloads_in_every_format(api: httpx.AsyncClient, book: FinishedBook, tmp_path: Path) -> None:
    files = {
        form: await api.post(f"{book.url}/decks/{form}", json={"words": LIST})
        for form in ("csv", "jsonl", "txt", "xlsx", "apkg")
    }
    assert {answer.status_code for answer in files.values()} == {200}
    assert [json.loads(line)["text"] for line in files["jsonl"].text.splitlines()] == [TEXTS[2], TEXTS[4]]
    assert files["txt"].text.splitlines() == [TEXTS[2], TEXTS[4]]
    assert openpyxl.load_workbook(io.BytesIO(files["xlsx"].content)).active.max_row == 3
    whole = await api.get(f"{book.url}/exports/apkg")
    assert note_ids(files["apkg"].content, tmp_path) < note_ids(whole.content, tmp_path)


def note_ids(package: bytes, folder: Path) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extract("collection.anki2", folder)
    return {guid for (guid,) in sqlite3.connect(folder / "collection.anki2").execute("SELECT guid FROM notes")}


async def test_a_list_that_no_card_helps_gives_an_empty_deck(api: httpx.AsyncClient, book: FinishedBook) -> None:
    deck = (await api.post(f"{book.url}/decks", json={"words": ["éléphant", " "]})).json()
    assert (deck["cards"], deck["missing"], deck["coverage"]) == ([], ["éléphant"], 0.0)
    for form in ("csv", "xlsx", "apkg"):
        assert (await api.post(f"{book.url}/decks/{form}", json={"words": ["éléphant"]})).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"words": []},
        {"words": "maison"},
        {"words": ["x" * 101]},
        {"words": ["a"], "most": 0},
        {"words": ["a"], "x": 1},
    ],
)
async def test_a_wrong_list_is_refused(api: httpx.AsyncClient, book: FinishedBook, body: dict[str, object]) -> None:
    answer = await api.post(f"{book.url}/decks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_without_measure_is_refused_before_it_is_read(
    api: httpx.AsyncClient, book: FinishedBook, monkeypatch: pytest.MonkeyPatch, *, chunked: bool
) -> None:
    monkeypatch.setattr(body_limit, "MOST_BODY_BYTES", 100)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 50

    content: Any = parts() if chunked else b" " * 150
    answer = await api.post(f"{book.url}/decks", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_job_without_a_result_has_no_words(world: World, api: httpx.AsyncClient) -> None:
    running, failed = a_story(), a_story()
    await fold_rows(world, running.accepted(), failed.accepted(), failed.ended(outcome=Outcome.FAILED))
    for story, expected in ((running, (409, "job_not_ended")), (failed, (404, "result_not_found"))):
        url = f"/v1/jobs/{story.job}"
        answers = [await api.get(f"{url}/vocabulary"), await api.post(f"{url}/decks", json={"words": ["a"]})]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {expected}


async def test_a_cursor_that_is_none_is_refused(api: httpx.AsyncClient, book: FinishedBook) -> None:
    answer = await api.get(f"{book.url}/vocabulary", params={"cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
