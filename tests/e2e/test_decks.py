"""The sample novel as every kind of file, held against the cards.jsonl that the merger wrote."""

import csv
import html
import io
import sqlite3
import zipfile
from pathlib import Path

import openpyxl
import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from openpyxl.utils.escape import unescape

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.exports import ExportFormat
from feuilleton_client.uploads import JobOptions
from status_api.exports.table import COLUMNS, cells, original
from tests.results import Result, read_result
from tests.stack import Stack

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def novel(client: FeuilletonClient, system: Stack, sample_pdf: Path) -> Result:
    job = client.wait(client.upload(sample_pdf, JobOptions(engine="local")).id)
    return read_result(system, client, job)


@pytest.fixture(scope="module")
def files(client: FeuilletonClient, novel: Result) -> dict[ExportFormat, bytes]:
    found: dict[ExportFormat, bytes] = {}
    for form in ExportFormat:
        out = io.BytesIO()
        assert client.exports.result(novel.job.id, form, out) == len(out.getvalue())
        found[form] = out.getvalue()
    return found


def test_every_format_has_every_card_of_the_result(
    novel: Result, files: dict[ExportFormat, bytes], tmp_path: Path
) -> None:
    rows = [list(cells(card)) for card in novel.cards]
    assert len(rows) > 300
    assert files[ExportFormat.JSONL] == novel.cards_jsonl
    header, *table = csv.reader(io.StringIO(files[ExportFormat.CSV].decode(), newline=""))
    assert tuple(header) == COLUMNS
    assert [[original(cell) for cell in row] for row in table] == rows
    assert files[ExportFormat.TXT].decode().splitlines() == [" ".join(card.text.split()) for card in novel.cards]
    _, *sheet = openpyxl.load_workbook(io.BytesIO(files[ExportFormat.XLSX])).active.iter_rows(values_only=True)
    assert [[unescape(str(cell or "")) for cell in row] for row in sheet] == rows
    with zipfile.ZipFile(io.BytesIO(files[ExportFormat.APKG])) as package:
        package.extractall(tmp_path)
    notes = sqlite3.connect(tmp_path / "collection.anki2").execute("SELECT flds FROM notes ORDER BY id")
    assert [[html.unescape(field) for field in flds.split("\x1f")] for (flds,) in notes] == [
        [card.text, card.source_text, str(card.page), card.chapter or ""] for card in novel.cards
    ]


def test_anki_takes_the_novel_in_twice_and_has_it_once(
    novel: Result, files: dict[ExportFormat, bytes], tmp_path: Path
) -> None:
    package = tmp_path / "novel.apkg"
    package.write_bytes(files[ExportFormat.APKG])
    collection = Collection(str(tmp_path / "collection.anki2"))
    try:
        for _ in range(2):
            options = ImportAnkiPackageOptions(merge_notetypes=True)
            collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(package), options=options))
            assert (collection.note_count(), collection.card_count()) == (len(novel.cards), len(novel.cards))
    finally:
        collection.close()


def test_a_deck_for_the_novels_own_words_holds_them_all_on_few_cards(client: FeuilletonClient, novel: Result) -> None:
    words = [lemma.lemma for lemma in client.exports.vocabulary(novel.job.id) if lemma.count > 1 and not lemma.name]
    assert len(words) > 100
    deck = client.exports.deck(novel.job.id, [*words, "hélicoptère"])
    assert (deck.missing, deck.covered) == (("hélicoptère",), deck.words - 1)
    assert {word for card in deck.cards for word in card.words} == set(words)
    assert len(deck.cards) < len(novel.cards) / 2
    places: dict[tuple[str, str], int] = {(card.source_id, card.text): place for place, card in enumerate(novel.cards)}
    order = [places[card.source_id, card.text] for card in deck.cards]
    assert order == sorted(order)
