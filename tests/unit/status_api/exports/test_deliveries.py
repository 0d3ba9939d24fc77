"""Every format, read back and held against the cards of the result."""

import csv
import html
import io
import json
import resource
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from starlette.requests import ClientDisconnect
from starlette.types import Message

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine
from feuilleton.storage.ports import ObjectStore
from status_api.card_pages import ResultUnavailableError
from status_api.exports import delivery
from status_api.exports.building import ExportNotBuiltError, TooManyExportsError
from status_api.exports.delivery import Deliveries, Edition, ExportTooLargeError
from status_api.exports.formats import ExportFormat
from status_api.exports.keyed import keyed
from status_api.exports.table import COLUMNS, cells, original
from tests.unit.status_api.exports.conftest import left_behind, served

Editions = Callable[..., Edition]
ARCHIVES = (ExportFormat.XLSX, ExportFormat.APKG)


def rows_of(cards: list[CardLine]) -> list[list[str]]:
    return [list(cells(card)) for card in cards]


async def body_of(deliveries: Deliveries, edition: Edition) -> bytes:
    answer = await served(await deliveries.whole(edition))
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("bom", [False, True])
async def test_csv_gives_every_cell_back_and_starts_no_formula(
    deliveries: Deliveries, edition: Editions, cards: list[CardLine], *, bom: bool
) -> None:
    body = await body_of(deliveries, edition(ExportFormat.CSV, bom=bom))
    assert body.startswith(b"\xef\xbb\xbf") is bom
    header, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert tuple(header) == COLUMNS
    assert [[original(cell) for cell in row] for row in rows] == rows_of(cards)
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    assert any(row[1].startswith("— ") for row in rows)


async def test_json_lines_are_those_of_the_result(
    deliveries: Deliveries, edition: Editions, store: ObjectStore, result: str
) -> None:
    body = await body_of(deliveries, edition(ExportFormat.JSONL))
    assert body == await store.get(ids.cards_key(result))


async def test_txt_has_a_line_per_card(deliveries: Deliveries, edition: Editions, cards: list[CardLine]) -> None:
    body = await body_of(deliveries, edition(ExportFormat.TXT))
    assert body.decode().split("\n") == [*(" ".join(card.text.split()) for card in cards), ""]


async def test_a_workbook_holds_text_and_page_numbers_and_nothing_that_runs(
    deliveries: Deliveries, edition: Editions, cards: list[CardLine]
) -> None:
    body = await body_of(deliveries, edition(ExportFormat.XLSX))
    book = openpyxl.load_workbook(io.BytesIO(body))
    header, *rows = book.active.iter_rows()
    assert tuple(cell.value for cell in header) == COLUMNS
    assert [[unescape(str(cell.value or "")) for cell in row] for row in rows] == rows_of(cards)
    assert {cell.data_type for row in rows for cell in row if cell.value} == {"s", "n"}
    assert {cell.data_type for row in rows for cell in row if cell.column_letter == "D"} == {"n"}
    assert [cell.hyperlink for row in rows for cell in row if cell.hyperlink] == []
    assert book.properties.title == "Le livre"


async def test_an_anki_package_has_a_note_per_card_that_shows_its_text(
    deliveries: Deliveries, edition: Editions, cards: list[CardLine], tmp_path: Path
) -> None:
    body = await body_of(deliveries, edition(ExportFormat.APKG))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(tmp_path)
    notes = (
        sqlite3.connect(tmp_path / "collection.anki2")
        .execute("SELECT guid, flds, tags FROM notes ORDER BY id")
        .fetchall()
    )
    fields = [[html.unescape(field) for field in flds.split("\x1f")] for _, flds, _ in notes]
    assert fields == [[card.text, card.source_text, str(card.page), card.chapter or ""] for card in cards]
    assert len({guid for guid, _, _ in notes}) == len(cards)
    assert [tags for _, _, tags in notes][:9:4] == ["  ", " I._Le_banc ", " =II_:_La_fin "]
    assert not [flds for _, flds, _ in notes if "<" in flds or "[" in flds]


@pytest.mark.parametrize("form", ExportFormat)
async def test_a_download_says_what_it_is_and_how_it_is_called(
    deliveries: Deliveries, edition: Editions, form: ExportFormat
) -> None:
    answer = await served(await deliveries.whole(edition(form, name="Été.pdf")))
    assert answer.headers["Content-Type"] == form.media_type
    assert answer.headers["Content-Disposition"].endswith(f"filename*=UTF-8''%C3%89t%C3%A9.{form}")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["ETag"].startswith("W/" if form.built else '"')
    assert ("Content-Length" in answer.headers) is form.built
    assert answer.headers.get("Content-Length", str(len(answer.content))) == str(len(answer.content))


@pytest.mark.parametrize("form", ExportFormat)
async def test_the_same_result_makes_the_same_bytes(
    deliveries: Deliveries, edition: Editions, form: ExportFormat
) -> None:
    assert await body_of(deliveries, edition(form)) == await body_of(deliveries, edition(form))


def test_a_tag_tells_results_formats_and_what_else_shapes_the_bytes_apart(edition: Editions) -> None:
    first = edition(ExportFormat.CSV)
    others = [
        edition(ExportFormat.CSV, bom=True),
        edition(ExportFormat.TXT),
        edition(ExportFormat.APKG),
        edition(ExportFormat.APKG, name="Autre.pdf"),
        Edition(first.job, first.name, first.result + "x", first.made_at, first.form),
    ]
    assert len({each.tag for each in (first, *others)}) == 6
    renamed = Edition(first.job, "Autre", first.result, first.made_at + timedelta(days=1), first.form)
    assert renamed.tag == first.tag


@pytest.mark.parametrize("form", ExportFormat)
async def test_some_cards_come_in_the_same_forms(
    deliveries: Deliveries, edition: Editions, cards: list[CardLine], form: ExportFormat
) -> None:
    chosen = [entry for entry in keyed(cards) if entry.card.page in {2, 5, 6}]
    answer = await served(await deliveries.some(edition(form), chosen))
    assert answer.headers["Content-Type"] == form.media_type
    assert "ETag" not in answer.headers
    if form is ExportFormat.JSONL:
        pages = [json.loads(line)["page"] for line in answer.text.splitlines()]
        assert pages == [2, 5, 6]


@pytest.mark.parametrize("form", ARCHIVES)
async def test_nothing_is_left_on_the_disk(
    deliveries: Deliveries, edition: Editions, form: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    response = await deliveries.whole(edition(form))
    assert left_behind(tmp_path) == []
    assert (await served(response)).content[:2] == b"PK"
    assert left_behind(tmp_path) == []


async def test_one_archive_more_than_may_be_made_is_told_to_come_again(
    deliveries: Deliveries, edition: Editions
) -> None:
    waiting = [await deliveries.whole(edition(ExportFormat.XLSX)) for _ in range(2)]
    with pytest.raises(TooManyExportsError) as refused:
        await deliveries.whole(edition(ExportFormat.APKG))
    assert refused.value.headers == {"Retry-After": "5"}
    assert (await body_of(deliveries, edition(ExportFormat.CSV))) != b""
    await served(waiting.pop())
    assert (await body_of(deliveries, edition(ExportFormat.APKG))) != b""


async def test_a_failed_archive_gives_its_place_back(
    store: ObjectStore,
    deliveries: Deliveries,
    edition: Editions,
    result: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cards = await store.get(ids.cards_key(result))
    await store.delete(ids.cards_key(result))
    for _ in range(3):
        with pytest.raises(ResultUnavailableError):
            await deliveries.whole(edition(ExportFormat.XLSX))
    assert left_behind(tmp_path) == []
    await store.put(ids.cards_key(result), cards)
    assert (await body_of(deliveries, edition(ExportFormat.XLSX)))[:2] == b"PK"


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process can grow beyond a few kilobytes, as on a disk that is full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.mark.parametrize("form", ARCHIVES)
async def test_a_full_disk_is_told_as_a_fault_that_passes(
    deliveries: Deliveries, edition: Editions, cards: list[CardLine], form: ExportFormat, small_files: None
) -> None:
    with pytest.raises(ExportNotBuiltError):
        await deliveries.whole(edition(form))
    for _ in range(3):
        with pytest.raises(ExportNotBuiltError):
            await deliveries.some(edition(form), list(keyed(cards * 100)))


async def test_no_folder_for_files_is_such_a_fault_too(
    deliveries: Deliveries, edition: Editions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ExportNotBuiltError):
        await deliveries.whole(edition(ExportFormat.APKG))


async def test_a_result_over_the_limit_of_archives_still_comes_as_text(
    deliveries: Deliveries, edition: Editions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_SOURCE_BYTES", 100)
    for form in ARCHIVES:
        with pytest.raises(ExportTooLargeError):
            await deliveries.whole(edition(form))
    assert (await body_of(deliveries, edition(ExportFormat.CSV))) != b""


@pytest.mark.parametrize("form", ExportFormat)
async def test_a_result_without_its_cards_is_not_begun(
    store: ObjectStore, deliveries: Deliveries, edition: Editions, result: str, form: ExportFormat
) -> None:
    await store.delete(ids.cards_key(result))
    with pytest.raises(ResultUnavailableError):
        await deliveries.whole(edition(form))


async def test_a_client_that_goes_away_gives_its_place_back(deliveries: Deliveries, edition: Editions) -> None:
    async def gone(_message: Message) -> None:
        raise OSError("connection lost")

    async def nothing() -> Message:
        return {"type": "http.request"}

    for _ in range(3):
        response = await deliveries.whole(edition(ExportFormat.XLSX))
        with pytest.raises(ClientDisconnect):
            await response({"type": "http", "asgi": {"spec_version": "2.4"}}, nothing, gone)


async def test_a_result_without_its_report_is_not_to_be_had_just_now(
    store: ObjectStore, deliveries: Deliveries, edition: Editions, result: str
) -> None:
    await store.delete(ids.report_key(result))
    with pytest.raises(ResultUnavailableError):
        await deliveries.whole(edition(ExportFormat.CSV))
