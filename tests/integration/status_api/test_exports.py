"""Results as files over HTTP, from a real database and store."""

import csv
import io
from collections.abc import AsyncIterator

import httpx
import openpyxl
import pytest

from feuilleton.contracts.events import Outcome
from status_api.exports.table import cells, original
from tests.integration.status_api.conftest import World
from tests.integration.status_api.finished_books import NOWHERE, finish_book, reading_api
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.evil_cards import evil_cards
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers

FORMATS = ("csv", "jsonl", "txt", "xlsx", "apkg")


@pytest.fixture
async def world(fresh_database_url: str, object_store_url: str) -> World:
    found = World(NOWHERE, "none-", fresh_database_url, object_store_url)
    await found.migrate()
    return found


@pytest.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with reading_api(world) as client:
        yield client


async def test_a_result_downloads_in_every_format_under_the_name_of_the_book(
    world: World, api: httpx.AsyncClient
) -> None:
    book = await finish_book(world, evil_cards())
    files = {form: await api.get(f"{book.url}/exports/{form}") for form in FORMATS}
    assert {answer.status_code for answer in files.values()} == {200}
    for form, answer in files.items():
        assert f'filename="Le Banc.{form}"' in answer.headers["Content-Disposition"]
        assert answer.headers["ETag"]
    expected = [list(cells(card)) for card in book.cards]
    _, *rows = csv.reader(io.StringIO(files["csv"].text, newline=""))
    assert [[original(cell) for cell in row] for row in rows] == expected
    assert files["jsonl"].content == book.stored
    assert len(files["txt"].text.splitlines()) == len(book.cards)
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"].content)).active
    assert sheet.max_row == len(book.cards) + 1
    assert files["apkg"].content[:2] == b"PK"


@pytest.mark.parametrize("form", ["csv", "apkg"])
async def test_who_has_the_file_is_told_so(world: World, api: httpx.AsyncClient, form: str) -> None:
    book = await finish_book(world, evil_cards())
    url = f"{book.url}/exports/{form}"
    tag = (await api.get(url)).headers["ETag"]
    for known in (tag, f'"other", {tag}', "*"):
        again = await api.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.headers["ETag"], again.content) == (304, tag, b"")
    assert (await api.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_excel_gets_a_byte_order_mark_when_it_is_asked_for(world: World, api: httpx.AsyncClient) -> None:
    book = await finish_book(world, evil_cards())
    plain, marked = [await api.get(f"{book.url}/exports/csv", params={"bom": value}) for value in ("false", "true")]
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked.headers["ETag"] != plain.headers["ETag"]


async def test_a_job_without_a_result_has_nothing_to_export(world: World, api: httpx.AsyncClient) -> None:
    running, failed, deleted = a_story(), a_story(), a_story()
    await fold_rows(world, running.accepted(), failed.accepted(), failed.ended(outcome=Outcome.FAILED))
    await fold_rows(world, *deleted.whole(), deleted.deleted())
    answers = [await api.get(f"/v1/jobs/{story.job}/exports/xlsx") for story in (running, failed, deleted)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "job_not_ended"),
        (404, "result_not_found"),
        (410, "job_deleted"),
    ]


async def test_a_format_that_is_none_of_ours_is_refused(world: World, api: httpx.AsyncClient) -> None:
    book = await finish_book(world, evil_cards())
    answer = await api.get(f"{book.url}/exports/exe")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_another_tenants_result_is_not_there(world: World, api: httpx.AsyncClient) -> None:
    book = await finish_book(world, evil_cards(), tenant="other")
    answer = await api.get(f"{book.url}/exports/csv")
    assert answer.status_code == 503  # without a broker nobody can tell that it is not still to come
    assert "Bonjour" not in answer.text
