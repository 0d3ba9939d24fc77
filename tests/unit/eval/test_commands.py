"""The commands, from the novels in a folder to a sheet and to the page."""

from pathlib import Path

import pytest

from eval import cache, page, sheets
from eval.__main__ import main
from eval.novels import NOVELS
from eval.tables import COLUMNS

SENTENCE = "Le gardien numéro {} ouvrit la porte du jardin, et le chien noir entra dans la cour."


@pytest.fixture
def novels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four novels of thirty sentences."""
    folder = tmp_path / "novels"
    folder.mkdir()
    for number, name in enumerate(NOVELS.values()):
        lines = [SENTENCE.format(100 * number + line) for line in range(30)]
        (folder / name).write_text("\n".join(["I", *lines]), encoding="utf-8")
    monkeypatch.setenv("FEUILLETON_SHARED_DATA", str(tmp_path))
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "cache")
    return tmp_path


def drawn(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["draw", "--seed", "5", "--count", "10", *options]) == 0
    return capsys.readouterr().out


def test_a_sheet_is_the_same_again_and_holds_as_many_of_each_novel(
    novels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = drawn(capsys, "--by", "cut at commas", "--part", "0.5:1.0")
    assert sheet == drawn(capsys, "--by", "cut at commas", "--part", "0.5:1.0")
    path = novels / "sheet.tsv"
    path.write_text(sheet, encoding="utf-8")
    lines = sheets.read(path)
    assert sorted(line.novel for line in lines) == sorted([*NOVELS, *NOVELS, "Maupassant", "Verne"])
    assert all(int(line.source.split()[3]) % 100 >= 15 for line in lines)
    assert all(line.card.rstrip(".") in line.source.replace("et le", "Et le") for line in lines)
    assert (novels / "cache" / "5-balanced.key.tsv").read_text(encoding="utf-8").startswith("id\tmethod")


def test_what_was_read_can_be_left_out(novels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = novels / "sheet.tsv"
    path.write_text(drawn(capsys, "--by", "cut at commas"), encoding="utf-8")
    again = novels / "again.tsv"
    again.write_text(drawn(capsys, "--by", "cut at commas", "--leave-out", str(path)), encoding="utf-8")
    one, two = ({line.source for line in sheets.read(each)} for each in (path, again))
    assert (len(one), len(two), len(one & two)) == (10, 10, 0)


@pytest.mark.slow
def test_the_engine_draws_the_same_sheet_again(novels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = drawn(capsys)
    assert sheet.count("\n") == 11
    assert sheet == drawn(capsys)


@pytest.mark.slow
def test_the_page_is_written_anew_and_the_text_by_hand_stays(novels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = novels / "quality.md"
    own.write_text(page.replaced(page.PAGE.read_text(encoding="utf-8"), {"figures": "old"}), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", own)
    assert main(["measure", "--every", "1"]) == 0
    text = own.read_text(encoding="utf-8")
    table = [line.split(" | ") for line in page.between(text, "figures").splitlines() if line.startswith("|")]
    assert len(table[0]) == len(COLUMNS)
    assert [line[0].strip("| ") for line in table if line[0].strip("| ")] == ["novel", *["---"], *NOVELS, "all four"]
    assert all(line[1].startswith(("99.", "100.")) for line in table if line[0].strip("| ") in NOVELS)
    assert "## What still goes wrong" in text
