"""Results as files over HTTP, from a real database and store."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import openpyxl
import pytest
from moto.server import ThreadedMotoServer

from feuilleton.contracts import ids
from feuilleton.contracts.events import Outcome
from feuilleton.contracts.ids import TenantId
from feuilleton_local.ports import LOOPBACK, free_ports
from status_api.exports.table import cells, original
from tests.integration.status_api.conftest import World
from tests.integration.status_api.finished_books import finish_book, reading_api
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.evil_cards import evil_cards
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers

FORMATS = ("csv", "jsonl", "txt", "xlsx", "apkg")


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


async def test_a_job_that_was_renamed_goes_out_under_its_new_name(world: World, api: httpx.AsyncClient) -> None:
    book = await finish_book(world, evil_cards())
    before = await api.get(f"{book.url}/exports/apkg")
    (await api.patch(book.url, json={"name": "Été « 2 »"})).raise_for_status()
    after = await api.get(f"{book.url}/exports/apkg")
    assert "filename*=UTF-8''%C3%89t%C3%A9%20%C2%AB%202%20%C2%BB.apkg" in after.headers["Content-Disposition"]
    assert after.headers["ETag"] != before.headers["ETag"]


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


@pytest.fixture
def s3_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (port,) = free_ports(1)
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=port, verbose=False)
    server.start()
    environment = {"ENDPOINT": f"http://{LOOPBACK}:{port}", "ACCESS_KEY_ID": "t", "SECRET_ACCESS_KEY": "t"}
    for name, value in {**environment, "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    httpx.put(f"http://{LOOPBACK}:{port}/books", headers={"Host": "s3.amazonaws.com"}).raise_for_status()
    yield "s3://books/shelf"
    server.stop()


async def test_on_s3_links_lead_anybody_to_the_result_of_the_first_end_for_a_while(
    world: World, s3_bucket: str
) -> None:
    on_s3 = replace(world, store_url=s3_bucket)
    book = await finish_book(on_s3, evil_cards())
    await fold_rows(on_s3, book.story.ended(result="tenants/other/jobs/x/attempts/1/out/0/"))
    async with reading_api(on_s3) as api, httpx.AsyncClient() as anybody:
        links = (await api.get(f"{book.url}/links")).json()
        assert (await anybody.get(links["cards"])).content == book.stored
        assert (await anybody.get(links["report"])).json()["cards"] == len(book.cards)
    left = datetime.fromisoformat(links["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=290) < left <= timedelta(seconds=300)
    assert parse_qs(urlsplit(links["cards"]).query)["X-Amz-Expires"] == ["300"]


async def test_an_end_that_names_the_files_of_another_gets_no_link(world: World, s3_bucket: str) -> None:
    on_s3 = replace(world, store_url=s3_bucket)
    other, story = await finish_book(on_s3, evil_cards(), tenant="other"), a_story()
    stolen = ids.result_prefix(TenantId("other"), other.story.job, 1, "0" * 64)
    await fold_rows(on_s3, *story.whole()[:-1], story.ended(result=stolen))
    async with reading_api(on_s3) as api:
        answer = await api.get(f"/v1/jobs/{story.job}/links")
    assert (answer.status_code, answer.json()["code"]) == (404, "result_not_found")


async def test_a_store_without_links_says_so(world: World, api: httpx.AsyncClient) -> None:
    book = await finish_book(world, evil_cards())
    answer = await api.get(f"{book.url}/links")
    assert (answer.status_code, answer.json()["code"]) == (404, "links_not_available")
