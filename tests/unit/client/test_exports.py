import io
import json
from pathlib import Path

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ProblemError
from feuilleton_client.exports import ExportFormat, read_words
from tests.unit.client.conftest import JOB, a_card, a_job
from tests.unit.client.scripted_server import Answer, Script, refusal
from tests.unit.client.test_cli import JOB_ROUTE, Cli, cli, scripted

__all__ = ["cli"]

EXPORT = f"{JOB_ROUTE}/exports"
DECK = f"POST /v1/jobs/{JOB}/decks"
BYTES = bytes(range(256)) * 1000
A_DECK = Answer(
    200,
    {
        "attempt": 1,
        "words": 3,
        "covered": 2,
        "coverage": 0.6667,
        "missing": ["éléphant"],
        "cards": [a_card(1, words=["la carte", "œil"])],
    },
)


def a_file(body: bytes = BYTES) -> Answer:
    return Answer(200, body, media_type="application/octet-stream")


def lemmas(*names: str, following: str | None = None) -> Answer:
    items = [{"lemma": name, "count": 3, "cards": 2, "name": name.istitle(), "first_card": a_card(1)} for name in names]
    return Answer(200, {"attempt": 1, "cards": 9, "words": 99, "lemmas": 3, "items": items, "next_cursor": following})


def test_a_download_that_breaks_begins_again_and_is_whole(client: FeuilletonClient, script: Script) -> None:
    busy = refusal(429, "too_many_exports", retry_after="5")
    cut = Answer(200, BYTES, cut_after=100_000)
    script.on(f"{EXPORT}/apkg", Answer(hang_up=True), busy, cut, refusal(503, "export_not_built"), cut, a_file())
    out = io.BytesIO()
    assert client.exports.result(JOB, ExportFormat.APKG, out) == len(BYTES)
    assert out.getvalue() == BYTES


def test_a_refused_download_writes_nothing(client: FeuilletonClient, script: Script) -> None:
    script.on(f"{EXPORT}/xlsx", refusal(409, "job_not_ended"))
    out = io.BytesIO()
    with pytest.raises(ProblemError) as refused:
        client.exports.result(JOB, ExportFormat.XLSX, out)
    assert (refused.value.code, out.getvalue()) == ("job_not_ended", b"")


def test_export_saves_the_file_that_its_name_says(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(f"{EXPORT}/apkg", a_file())
    path = tmp_path / "deck.apkg"
    result = cli("export", JOB, "-o", path)
    assert (result.code, path.read_bytes()) == (0, BYTES), result.err
    assert f"250 kB in {path}" in result.out
    assert cli("export", JOB, "-o", path).code == 10
    assert cli("export", JOB, "-o", path, "--force").code == 0


def test_export_takes_another_format_than_the_name_and_a_mark_for_excel(
    cli: Cli, script: Script, tmp_path: Path
) -> None:
    script.on(f"{EXPORT}/csv", a_file(b"a,b\r\n"))
    result = cli("export", JOB, "-o", tmp_path / "deck.dat", "--format", "csv", "--bom", "--json")
    assert json.loads(result.out) == {"bytes": 5, "file": str(tmp_path / "deck.dat")}
    assert script.requests(f"{EXPORT}/csv")[0].query == {"bom": "true"}
    assert cli("export", JOB, "-o", tmp_path / "deck.dat").code == 2


def test_export_pipes_what_is_asked_for(cli: Cli, script: Script) -> None:
    script.on(f"{EXPORT}/txt", a_file(b"Une carte.\n"))
    assert cli("export", JOB, "--format", "txt").out == "Une carte.\n"
    assert cli("export", JOB).code == 2


def test_a_pipe_that_got_half_a_file_gets_no_other_half(cli: Cli, script: Script) -> None:
    script.on(f"{EXPORT}/csv", Answer(200, BYTES, cut_after=100_000), a_file())
    result = cli("export", JOB, "--format", "csv")
    assert (result.code, "cannot begin again" in result.err) == (10, True)


def test_a_refused_export_leaves_no_file(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(f"{EXPORT}/xlsx", refusal(404, "result_not_found"))
    assert cli("export", JOB, "-o", tmp_path / "deck.xlsx").code == 9
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["xlsx", "apkg", "txt"])
def test_run_saves_what_the_name_of_its_file_says(
    cli: Cli, script: Script, book: Path, tmp_path: Path, form: str
) -> None:
    scripted(script)
    script.on(f"{EXPORT}/{form}", a_file())
    path = tmp_path / f"cards.{form}"
    result = cli("run", book, "-o", path)
    assert (result.code, path.read_bytes()) == (0, BYTES), result.err
    assert f"completed, 2 cards, in {path}" in result.out


def test_cards_of_a_running_job_cannot_be_a_workbook(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(JOB_ROUTE, Answer(200, a_job("extracting")))
    script.on(f"{EXPORT}/xlsx", refusal(409, "job_not_ended"))
    result = cli("cards", JOB, "-o", tmp_path / "cards.xlsx")
    assert (result.code, list(tmp_path.iterdir())) == (6, [])
    assert "job_not_ended" in result.err


def test_vocabulary_lists_words_page_by_page(cli: Cli, script: Script) -> None:
    script.on(f"{JOB_ROUTE}/vocabulary", lemmas("le", following="x"), lemmas("Firmin", "œil"))
    lines = [line.split("\t") for line in cli("vocabulary", JOB).out.splitlines()]
    assert lines == [[name, "3", "2", "La carte 1."] for name in ("le", "Firmin", "œil")]
    assert [asked.query.get("cursor") for asked in script.requests(f"{JOB_ROUTE}/vocabulary")] == [None, "x"]


def test_vocabulary_leaves_names_out_and_ends_where_it_is_told(cli: Cli, script: Script) -> None:
    script.on(f"{JOB_ROUTE}/vocabulary", lemmas("le", "Firmin", "œil", "mer"))
    lines = cli("vocabulary", JOB, "--max", "2", "--no-names", "--json").out.splitlines()
    assert [json.loads(line)["lemma"] for line in lines] == ["le", "œil"]


def test_a_deck_tells_what_it_covers_and_saves_its_cards(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(DECK, A_DECK)
    script.on(f"{DECK}/apkg", a_file())
    words = tmp_path / "words.txt"
    words.write_text("\ufeff# leçon 3\nla carte\n\n œil \néléphant\n", encoding="utf-8")
    result = cli("deck", JOB, "--words", words, "--most", "5", "-o", tmp_path / "deck.apkg")
    assert result.code == 0, result.err
    assert f"1 cards hold 2 of 3 words (67%), in {tmp_path / 'deck.apkg'}" in result.out
    assert "on no card: éléphant" in result.out
    assert (tmp_path / "deck.apkg").read_bytes() == BYTES
    for route in (DECK, f"{DECK}/apkg"):
        (asked,) = script.requests(route)
        assert json.loads(asked.body) == {"words": ["la carte", "œil", "éléphant"], "most": 5}


def test_a_deck_without_a_file_pipes_its_cards(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(DECK, A_DECK)
    (tmp_path / "words.txt").write_text("carte")
    result = cli("deck", JOB, "--words", tmp_path / "words.txt")
    assert json.loads(result.out)["source_id"] == "s1"
    assert "1 cards hold 2 of 3 words" in result.err
    told = json.loads(cli("deck", JOB, "--words", tmp_path / "words.txt", "--json").out)
    assert (told["missing"], told["cards"][0]["words"], told["file"]) == (["éléphant"], ["la carte", "œil"], None)


@pytest.mark.parametrize("body", [b"", b"# rien\n\n", b"\xff\xfe"])
def test_a_list_without_words_is_a_wrong_use(cli: Cli, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "words.txt").write_bytes(body)
    assert cli("deck", JOB, "--words", tmp_path / "words.txt").code == 2


def test_a_list_has_a_word_a_line() -> None:
    assert read_words("a\r\n  b c \n#d\n\n") == ["a", "b c"]
