"""The share of correct cards, doubtful ones counted wrong, and the bound beside it."""

from pathlib import Path

import pytest

from eval import sheets
from eval.__main__ import main
from eval.scoring import by_novel, lower_bound, reasons, score


def line(number: int, verdict: str, reason: str = "", novel: str = "Verne") -> sheets.Line:
    return sheets.Line(str(number), novel, "", "Une phrase.", "Une carte.", verdict, reason)


LINES = [
    line(1, "correct"),
    line(2, "correct", novel="Flaubert"),
    line(3, "doubtful", "reported"),
    line(4, "wrong", "complement"),
    line(5, "wrong", "complement", novel="Flaubert"),
    line(6, ""),
]


def test_doubtful_counts_as_wrong_and_unread_not_at_all() -> None:
    found = score(LINES)
    assert (found.correct, found.read, found.unread) == (2, 5, 1)
    assert found.share == pytest.approx(0.4)


def test_each_novel_has_its_own_score() -> None:
    found = by_novel(LINES)
    assert {novel: (one.correct, one.read) for novel, one in found.items()} == {"Flaubert": (1, 2), "Verne": (1, 3)}


def test_reasons_are_counted_over_all_that_is_not_correct() -> None:
    assert reasons(LINES) == [("complement", 2), ("reported", 1)]


@pytest.mark.parametrize(
    ("correct", "read", "bound"),
    [
        (0, 0, 0.0),
        (0, 10, 0.0),
        (5, 10, 0.18709),
        (10, 10, 0.69150),
        (95, 100, 0.88717),
        (384, 400, 0.93586),
        (4200, 4800, 0.86531),
    ],
)
def test_the_bound_is_that_of_clopper_and_pearson(correct: int, read: int, bound: float) -> None:
    assert lower_bound(correct, read) == pytest.approx(bound, abs=2e-5)


def sheet(folder: Path, lines: list[sheets.Line]) -> Path:
    path = folder / "sheet.tsv"
    with path.open("w", encoding="utf-8") as file:
        sheets.write(lines, file)
    return path


def test_a_sheet_is_read_as_it_was_written(tmp_path: Path) -> None:
    quoted = sheets.Line("1", "Verne", 'Il dit "oui', "« Quoi ?", 'Il dit "oui.', "wrong", "quotes")
    path = sheet(tmp_path, [quoted, *LINES[1:]])
    assert sheets.read(path) == [quoted, *LINES[1:]]


def test_a_list_without_ids_and_novels_is_numbered_and_ok_means_correct(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("source\tcard\tverdict\treason\nA.\tB.\tok\t\nA.\tC.\twrong\tsubject\n", encoding="utf-8")
    assert sheets.read(path) == [
        sheets.Line("1", "", "", "A.", "B.", "correct"),
        sheets.Line("2", "", "", "A.", "C.", "wrong", "subject"),
    ]


def test_a_list_without_cards_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("source\tverdict\treason\nA.\tok\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column card"):
        sheets.read(path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [([line(1, "corect")], "'corect' is no verdict"), ([line(1, "correct"), line(1, "wrong")], "has twice: 1")],
)
def test_a_slip_of_the_reader_is_named(tmp_path: Path, lines: list[sheets.Line], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sheets.read(sheet(tmp_path, lines))


def test_the_command_prints_the_shares_and_fails_while_cards_are_unread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", str(sheet(tmp_path, LINES))]) == 1
    assert "all          2/5 correct = 40.0%, at least 5.3%, 1 not yet read" in capsys.readouterr().out
    assert main(["score", str(sheet(tmp_path, LINES[:-1]))]) == 0


def test_every_judged_list_of_the_repository_is_whole() -> None:
    for path in sheets.JUDGED.glob("*.tsv"):
        assert score(sheets.read(path)).unread == 0, path.name
