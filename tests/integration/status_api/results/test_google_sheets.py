"""Results in a user's Google Drive, through Google's own client library and a server that behaves as Google's."""

import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from googleapiclient import http as google_http

from status_api import bootstrap
from status_api.exports import sheets
from status_api.exports.table import COLUMNS, cells
from tests.fakes.google import GoogleState, google_server
from tests.integration.status_api.conftest import World, a_client, serving
from tests.integration.status_api.finished_books import NOWHERE, FinishedBook, finish_book
from tests.integration.status_api.folded import fold_rows
from tests.unit.status_api.evil_cards import evil_cards
from tests.unit.status_api.story import a_story

pytestmark = pytest.mark.servers

TOKEN = "ya29.secret-of-a-user"


@pytest.fixture
def google() -> GoogleState:
    return GoogleState(tokens={TOKEN}, folders={"myFolder-1"})


@pytest.fixture
def google_url(google: GoogleState, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(google_http.time, "sleep", lambda _seconds: None)  # its backoff takes seconds
    with google_server(google) as url:
        yield url


@pytest.fixture
async def api(world: World, google_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = world.api_settings.model_copy(update={"google_api_url": google_url})
    async with bootstrap.api_parts(settings) as parts, serving(parts) as address, a_client(address) as client:
        yield client


@pytest.fixture
async def book(world: World) -> FinishedBook:
    return await finish_book(world, evil_cards())


async def export(api: httpx.AsyncClient, book: FinishedBook, **more: str) -> httpx.Response:
    return await api.post(f"{book.url}/exports/google-sheets", json={"access_token": TOKEN, **more})


@pytest.mark.parametrize("rows_at_once", [1, 5, 1000])
async def test_a_result_becomes_a_spreadsheet_cell_by_cell(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(sheets, "_ROWS_AT_ONCE", rows_at_once)
    answer = await export(api, book)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["cards"], answer.headers["Location"]) == (len(book.cards), told["url"])
    file = google.files[told["spreadsheet_id"]]
    expected = [[*cells(card)[:3], card.page, *cells(card)[4:]] for card in book.cards]
    assert file.table() == [list(COLUMNS), *expected]
    assert (file.name, file.parents, file.frozen, file.rows) == ("Le Banc", ["root"], 1, len(book.cards) + 1)


async def test_it_goes_into_the_folder_and_under_the_title_that_the_user_names(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState
) -> None:
    assert (await export(api, book, folder_id="myFolder-1", title="Leçon 3")).status_code == 201
    (file,) = google.files.values()
    assert (file.name, file.parents) == ("Leçon 3", ["myFolder-1"])


async def test_clients_of_the_old_system_find_their_own_route_and_names(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState
) -> None:
    wanted = {"access_token": TOKEN, "sheetName": "Leçon 3", "folderId": "myFolder-1"}
    answer = await api.post(f"/api/v1/history/{book.story.job}/export", json=wanted)
    assert answer.status_code == 200, answer.text
    (file,) = google.files.values()
    assert (file.name, file.parents, len(file.table())) == ("Leçon 3", ["myFolder-1"], len(book.cards) + 1)
    url = answer.json()["spreadsheet_url"]
    told = {"message": "Export successful", "spreadsheet_url": url, "sentences_count": len(book.cards)}
    assert answer.json() == told
    assert url.startswith("https://")


async def test_a_faulty_answer_is_asked_for_again(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState
) -> None:
    google.faults += [("values", 503, "backendError"), ("values", 429, "rateLimitExceeded")]
    google.faults += [("POST /drive", 403, "userRateLimitExceeded")]
    assert (await export(api, book)).status_code == 201
    (file,) = google.files.values()
    assert len(file.table()) == len(book.cards) + 1


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        ([("values", 401, "authError")] * 4, 422, "google_token_refused"),
        ([("POST /drive", 403, "insufficientPermissions")], 422, "google_permission_denied"),
        ([("values", 403, "forbidden")], 422, "google_permission_denied"),
        ([("POST /drive", 403, "userRateLimitExceeded")] * 4, 503, "google_unavailable"),
        ([("batchUpdate", 500, "backendError")] * 4, 503, "google_unavailable"),
        ([("values", 503, "backendError")] * 4, 503, "google_unavailable"),
        ([("batchUpdate", 400, "badRequest")], 422, "google_refused"),
    ],
)
async def test_a_refusal_says_what_to_do_and_leaves_no_half_sheet(
    api: httpx.AsyncClient,
    book: FinishedBook,
    google: GoogleState,
    faults: list[tuple[str, int, str]],
    status: int,
    code: str,
) -> None:
    google.faults += faults
    answer = await export(api, book)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert google.files == {}


async def test_a_token_that_google_does_not_know_is_told_apart_from_our_own_key(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState
) -> None:
    google.tokens.clear()
    answer = await export(api, book)
    assert (answer.status_code, answer.json()["code"]) == (422, "google_token_refused")
    assert "WWW-Authenticate" not in answer.headers


async def test_a_folder_that_the_token_does_not_see_is_named(
    api: httpx.AsyncClient, book: FinishedBook, google: GoogleState
) -> None:
    answer = await export(api, book, folder_id="elsewhere")
    assert (answer.status_code, answer.json()["code"]) == (422, "google_folder_not_found")


@pytest.mark.parametrize(
    "more",
    [
        {"access_token": f"{TOKEN} x"},
        {"access_token": f"{TOKEN}\r\nX: y"},
        {"access_token": f"{TOKEN}é"},
        {"access_token": f"{TOKEN}\\I"},
        {"folder_id": "a/b"},
        {"folder_id": "x' or '1"},
        {"title": ""},
        {"access_token": ""},
        {"other": "x"},
    ],
)
async def test_a_wrong_order_asks_google_nothing(
    api: httpx.AsyncClient,
    book: FinishedBook,
    google: GoogleState,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    more: dict[str, str],
) -> None:
    answer = await export(api, book, **more)
    assert (answer.status_code, answer.json()["code"], google.asked) == (422, "invalid_request", [])
    assert TOKEN not in answer.text + "".join(capfd.readouterr()) + caplog.text


async def test_google_that_does_not_answer_is_a_fault_that_passes(world: World, book: FinishedBook) -> None:
    settings = world.api_settings.model_copy(update={"google_api_url": f"http://{NOWHERE}"})
    async with bootstrap.api_parts(settings) as parts, serving(parts) as address, a_client(address) as api:
        answer = await export(api, book)
    assert (answer.status_code, answer.json()["code"]) == (503, "google_unavailable")


async def test_the_token_is_in_no_log_no_answer_and_no_address(
    api: httpx.AsyncClient,
    book: FinishedBook,
    google: GoogleState,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [await export(api, book)]
    google.faults += [("POST /drive", 403, "insufficientPermissions"), ("batchUpdate", 400, "badRequest")]
    answers += [await export(api, book), await export(api, book)]
    google.tokens.clear()
    answers += [await export(api, book)]
    assert [answer.status_code for answer in answers] == [201, 422, 422, 422]
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    logged = "".join(capfd.readouterr()) + caplog.text
    assert TOKEN not in told + logged + "".join(google.asked)


async def test_a_job_without_a_result_asks_google_nothing(
    world: World, api: httpx.AsyncClient, google: GoogleState
) -> None:
    story = a_story()
    await fold_rows(world, story.accepted())
    body = {"access_token": TOKEN}
    answer = await api.post(f"/v1/jobs/{story.job}/exports/google-sheets", json=body)
    assert (answer.status_code, answer.json()["code"], google.asked) == (409, "job_not_ended", [])


async def test_the_path_of_sheets_knows_no_other_method(api: httpx.AsyncClient, book: FinishedBook) -> None:
    answer = await api.get(f"{book.url}/exports/google-sheets")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert (await api.post(f"{book.url}/exports/csv")).headers["Allow"] == "GET"
