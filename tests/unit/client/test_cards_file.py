import csv
import io
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton_client.cards_file import COLUMNS, CardFormat, neutralised, replacing, write_cards
from feuilleton_client.exports import export_format_of
from feuilleton_client.models import Card
from status_api.exports import table
from tests.unit.client.conftest import a_card
from tests.unit.status_api.evil_cards import TEXTS


def a_model(**more: object) -> Card:
    return Card.model_validate(a_card(1, **more))


def written(cards: list[Card], form: CardFormat) -> str:
    out = io.StringIO(newline="")
    assert write_cards(cards, out, form) == len(cards)
    return out.getvalue()


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_what_a_spreadsheet_would_run_becomes_text(start: str) -> None:
    card = a_model(text=f'{start}HYPERLINK("http://x")', source_text=f"{start}1", chapter=f"{start}I")
    (_, row) = csv.reader(io.StringIO(written([card], CardFormat.CSV), newline=""))
    cells = dict(zip(COLUMNS, row, strict=True))
    assert [cells[name][:2] for name in ("text", "source_text", "chapter")] == [f"'{start}"] * 3


@given(st.text() | st.text(alphabet="'=+-@a"))
def test_no_cell_begins_as_a_formula_and_no_letter_is_lost(text: str) -> None:
    cell = neutralised(text)
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert cell in {text, f"'{text}"}


@given(st.text(alphabet="'=+-@a"), st.text(alphabet="'=+-@a"))
def test_two_cells_are_never_made_one(one: str, other: str) -> None:
    assert (neutralised(one) == neutralised(other)) is (one == other)


def test_client_and_service_make_the_same_cells_of_a_text() -> None:
    assert [neutralised(text) for text in TEXTS] == [table.neutralised(text) for text in TEXTS]
    assert COLUMNS == table.COLUMNS


def test_a_dialogue_with_a_dash_of_the_printer_stays_as_it_is() -> None:
    assert neutralised("— Bonjour.") == "— Bonjour."
    assert neutralised("« Bonjour. »") == "« Bonjour. »"


@given(text=st.text(st.characters(codec="utf-8")), flags=st.lists(st.sampled_from(["a", "b"]), max_size=2))
def test_json_lines_give_back_what_went_in_one_line_a_card(text: str, flags: list[str]) -> None:
    card = a_model(text=text, source_text=text, chapter=None, flags=flags)
    lines = written([card, card], CardFormat.JSONL).split("\n")
    assert lines[2:] == [""]
    assert Card.model_validate_json(lines[0]) == card
    assert tuple(json.loads(lines[0])) == COLUMNS


def test_csv_has_the_columns_of_json_lines_and_survives_commas_and_quotes() -> None:
    card = a_model(text='Il dit : "Oui, oui."', chapter=None, flags=["hard_cut", "other"])
    header, row = csv.reader(io.StringIO(written([card], CardFormat.CSV), newline=""))
    assert tuple(header) == COLUMNS
    assert row == ["s1", 'Il dit : "Oui, oui."', "La phrase 1 du livre.", "1", "", "cut", "hard_cut other"]


def test_csv_without_cards_still_names_its_columns() -> None:
    assert written([], CardFormat.CSV) == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("a.JSONL", "jsonl"), ("a.txt", "txt"), ("a.Apkg", "apkg"), ("csv", None), ("a.csv.gz", None)],
)
def test_the_name_says_the_format(name: str, form: str | None) -> None:
    assert export_format_of(Path(name)) == form


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    with replacing(path) as out:
        out.write("é")
        out.flush()
        assert not path.exists()
    assert path.read_bytes() == "é".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as out:
        out.write("half of the n" * (1 // 0))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_permissions_that_any_new_file_has(tmp_path: Path) -> None:
    path, usual = tmp_path / "cards.csv", tmp_path / "usual"
    usual.touch()
    with replacing(path) as out:
        out.write("x")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_link_is_followed_and_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    with replacing(link) as out:
        out.write("new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("c" * 251 + ".csv")
    with replacing(path) as out:
        out.write("x")
    assert path.read_text() == "x"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    with replacing(path) as out:
        out.write("x")
    reader.join()
    assert read == ["x"]
    assert stat.S_ISFIFO(path.stat().st_mode)
