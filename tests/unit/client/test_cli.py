import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from feuilleton_client.cli.app import app
from tests.unit.client.conftest import JOB, KEY, a_card, a_job, a_report
from tests.unit.client.scripted_server import Answer, Events, Script, refusal

JOB_ROUTE = f"GET /v1/jobs/{JOB}"
CARDS = Answer(200, {"attempt": 1, "items": [a_card(1), a_card(2)], "next_cursor": None})


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture
def cli(address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", address)
    monkeypatch.setenv("FEUILLETON_API_KEY", KEY)
    for name in ("FEUILLETON_STATUS_URL", "FEUILLETON_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Result(left.value.code if isinstance(left.value.code, int) else -1, out, err)

    return call


def scripted(script: Script, *, status: str = "completed", **end: object) -> None:
    """A job that is accepted, runs, and ends so."""
    script.on("POST /v1/uploads", Answer(202, a_job()))
    ended = a_job(status, progress_percent=100, **{"cards": 2, **end})
    script.on(JOB_ROUTE, Answer(200, a_job("extracting", progress_percent=30, eta_seconds=75)), Answer(200, ended))
    script.on(f"{JOB_ROUTE}/events", Events((("9", {"status": status}),)))
    script.on(f"{JOB_ROUTE}/cards", CARDS)
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report()))


def test_run_uploads_waits_and_writes_the_cards(cli: Cli, script: Script, book: Path, tmp_path: Path) -> None:
    scripted(script)
    cards = tmp_path / "cards.csv"
    result = cli("run", book, "-o", cards, "--engine", "local", "--limit", "9", "--min", "3", "--keep-dialogue")
    assert result.code == 0, result.err
    assert f"job {JOB}: completed, 2 cards, in {cards}" in result.out
    assert "30 % extracting, 1 of 4 chunks, about 1 min 15 s left" in result.err
    with cards.open(newline="", encoding="utf-8") as lines:
        assert [row["text"] for row in csv.DictReader(lines)] == ["La carte 1.", "La carte 2."]
    body = script.requests("POST /v1/uploads")[0].body
    for name, value in (("engine", "local"), ("sentence_length_limit", "9"), ("ignore_dialogue", "false")):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in body


def test_run_without_a_file_pipes_cards_alone(cli: Cli, script: Script, book: Path) -> None:
    scripted(script)
    result = cli("run", book)
    assert result.code == 0
    assert [json.loads(line)["source_id"] for line in result.out.splitlines()] == ["s1", "s2"]
    assert "completed, 2 cards" in result.err


def test_run_with_json_tells_each_state_and_keeps_stderr_silent(
    cli: Cli, script: Script, book: Path, tmp_path: Path
) -> None:
    scripted(script)
    result = cli("run", book, "--json", "-o", tmp_path / "cards.jsonl")
    assert [json.loads(line)["status"] for line in result.out.splitlines()] == ["extracting", "completed"]
    assert result.err == ""
    assert len((tmp_path / "cards.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("status", "code"), [("completed", 0), ("partial", 3), ("failed", 4), ("cancelled", 5), ("deleted", 5)]
)
@pytest.mark.parametrize("command", ["run", "watch"])
def test_the_exit_status_tells_how_the_job_ended(
    cli: Cli, script: Script, book: Path, command: str, status: str, code: int
) -> None:
    scripted(script, status=status)
    assert cli(command, book if command == "run" else JOB).code == code


def test_a_partial_result_is_written_and_says_what_is_missing(
    cli: Cli, script: Script, book: Path, tmp_path: Path
) -> None:
    scripted(script, status="partial", chunks={"total": 4, "finished": 4, "failed": 1})
    missing = [{"index": 2, "pages": [7, 8, 9], "code": "engine_refused"}]
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report(outcome="partial", missing=missing)))
    result = cli("run", book, "-o", tmp_path / "cards.jsonl")
    assert result.code == 3
    assert "1 of 4 chunks are missing" in result.out
    assert "missing: pages 7-9: engine_refused" in result.out
    assert (tmp_path / "cards.jsonl").is_file()


def test_a_report_says_how_many_long_sentences_have_a_card(cli: Cli, script: Script) -> None:
    said = "33 of 100 sentences over the limit have a card (33 %)"
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report(coverage=said)))
    assert f"long sentences: {said}" in cli("report", JOB).out
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report()))
    assert "long sentences" not in cli("report", JOB).out


def test_a_report_names_what_was_left_out_and_the_pages_that_are_badly_recognised(cli: Cli, script: Script) -> None:
    left_out = [
        {"kind": "title", "pages": [1], "words": 7},
        {"kind": "footnotes", "pages": [3, 8], "words": 40},
    ]
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report(left_out=left_out, bad_ocr=list(range(4, 20)))))
    said = cli("report", JOB).out
    assert "left out: title (7 words, page 1), footnotes (40 words, pages 3, 8)" in said
    assert "badly recognised: pages 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 6 more" in said
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report()))
    assert not any(label in cli("report", JOB).out for label in ("left out", "recognised"))


def test_a_job_that_failed_writes_nothing_and_says_why(cli: Cli, script: Script, book: Path, tmp_path: Path) -> None:
    scripted(script, status="failed", code="no_text", cards=0)
    result = cli("run", book, "-o", tmp_path / "cards.csv")
    assert result.code == 4
    assert "failed (no_text)" in result.out
    assert not (tmp_path / "cards.csv").exists()


@pytest.mark.parametrize(
    ("status", "problem_code", "code"),
    [
        (415, "not_a_pdf", 6),
        (422, "encrypted", 6),
        (413, "file_too_large", 6),
        (409, "something", 6),
        (401, "unauthenticated", 7),
        (403, "forbidden", 7),
        (503, "queue_full", 8),
        (429, "too_many_requests", 8),
        (500, "internal_error", 8),
        (410, "job_deleted", 9),
    ],
)
def test_a_refused_upload_has_its_own_exit_status_and_says_the_code(
    cli: Cli, script: Script, book: Path, status: int, problem_code: str, code: int
) -> None:
    script.on("POST /v1/uploads", refusal(status, problem_code))
    result = cli("run", book, "--patience", "0")
    assert result.code == code
    assert f"{problem_code}: about {problem_code}" in result.err
    assert result.out == ""


def test_wrong_fields_are_named(cli: Cli, script: Script, book: Path) -> None:
    errors = [{"field": "pages", "message": "the last page comes before the first"}]
    script.on("POST /v1/uploads", refusal(422, "invalid_settings", errors=errors))
    assert "pages: the last page comes before the first" in cli("upload", book, "--pages", "9-3").err


def test_an_error_with_json_is_one_document_on_stderr(cli: Cli, script: Script, book: Path) -> None:
    script.on("POST /v1/uploads", refusal(503, "outcome_unknown", job_id=JOB))
    result = cli("upload", book, "--json", "--patience", "0")
    told = json.loads(result.err)
    assert (result.code, told["code"], told["status"], told["job_id"]) == (8, "outcome_unknown", 503, JOB)


def test_an_unknown_outcome_says_how_to_find_the_job(cli: Cli, script: Script, book: Path) -> None:
    script.on("POST /v1/uploads", refusal(503, "outcome_unknown", job_id=JOB))
    assert f"feuilleton watch {JOB}" in cli("run", book, "--patience", "0").err


def test_no_server_is_unavailable_and_says_so_while_it_waits(
    cli: Cli, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", "http://127.0.0.1:1")
    result = cli("run", book, "--patience", "0.6")  # the first wait is at most 0.5
    assert result.code == 8
    assert "no answer from http://127.0.0.1:1" in result.err
    assert "trying again in" in result.err


def test_a_job_that_is_not_there_has_its_own_exit_status(cli: Cli) -> None:
    for command in ("watch", "cards", "report", "cancel"):
        assert cli(command, JOB).code == 9


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "there-is-no.pdf"),
        ("run", "{book}", "-o", "cards.doc"),
        ("run", "{book}", "--engine", "magic"),
        ("run", "{book}", "--limit", "many"),
        ("run", "{book}", "--env-file", "there-is-none"),
        ("cards",),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_asks_the_server_nothing(
    cli: Cli, script: Script, book: Path, arguments: tuple[str, ...]
) -> None:
    assert cli(*(argument.format(book=book) for argument in arguments)).code == 2
    assert script.asked == []


@pytest.mark.parametrize("name", ["FEUILLETON_INGEST_URL", "FEUILLETON_API_KEY"])
def test_a_missing_setting_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    result = cli("jobs")
    assert result.code == 2
    assert f"{name} (missing)" in result.err


def test_a_malformed_address_is_named_and_the_key_is_never_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", "ftp//nowhere")
    result = cli("jobs")
    assert result.code == 2
    assert "FEUILLETON_INGEST_URL" in result.err
    assert KEY not in result.err


def test_an_env_file_wins_over_the_environment(
    cli: Cli, script: Script, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", "http://127.0.0.1:1")
    env_file = tmp_path / "client.env"
    env_file.write_text(f"# local\nFEUILLETON_INGEST_URL={address}\nFEUILLETON_API_KEY='from the file'\nOTHER=1\n")
    script.on("GET /v1/jobs", Answer(200, {"items": [], "next_cursor": None}))
    assert cli("jobs", "--env-file", env_file).code == 0
    monkeypatch.setenv("FEUILLETON_ENV_FILE", str(env_file))
    assert cli("jobs").code == 0
    assert [asked.headers["authorization"] for asked in script.asked] == ["Bearer from the file"] * 2


def test_an_output_file_that_exists_is_refused_before_anything_is_uploaded(
    cli: Cli, script: Script, book: Path, tmp_path: Path
) -> None:
    scripted(script)
    cards = tmp_path / "cards.csv"
    cards.write_text("mine")
    result = cli("run", book, "-o", cards)
    assert result.code == 10
    assert (cards.read_text(), script.asked) == ("mine", [])
    assert cli("run", book, "-o", cards, "--force").code == 0
    assert cards.read_text().startswith("source_id,")


def test_a_folder_that_is_not_there_is_refused_before_anything_is_uploaded(
    cli: Cli, script: Script, book: Path, tmp_path: Path
) -> None:
    assert cli("run", book, "-o", tmp_path / "nowhere" / "cards.csv").code == 10
    assert script.asked == []


def test_a_download_that_comes_short_writes_nothing(cli: Cli, script: Script, tmp_path: Path) -> None:
    scripted(script, cards=3)
    script.on(JOB_ROUTE, Answer(200, a_job("completed", cards=3)))
    result = cli("cards", JOB, "-o", tmp_path / "cards.csv")
    assert result.code == 8
    assert "2 cards came of 3" in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_leaves_the_old_file(cli: Cli, script: Script, tmp_path: Path) -> None:
    scripted(script)
    script.on(JOB_ROUTE, Answer(200, a_job("completed", cards=2)))
    first = Answer(200, {"attempt": 1, "items": [a_card(1)], "next_cursor": "a"})
    script.on(f"{JOB_ROUTE}/cards", first, refusal(503, "store_unavailable"))
    cards = tmp_path / "cards.csv"
    cards.write_text("old")
    result = cli("cards", JOB, "-o", cards, "--force", "--patience", "0")
    assert result.code == 8
    assert cards.read_text() == "old"
    assert list(tmp_path.iterdir()) == [cards]


def test_cards_of_a_running_job_are_called_so(cli: Cli, script: Script, tmp_path: Path) -> None:
    script.on(JOB_ROUTE, Answer(200, a_job("extracting", cards=2)))
    script.on(f"{JOB_ROUTE}/cards", CARDS)
    result = cli("cards", JOB, "-o", tmp_path / "cards.jsonl")
    assert result.code == 0
    assert "2 cards so far" in result.out


def test_cards_go_to_stdout_as_json_lines_or_as_csv(cli: Cli, script: Script) -> None:
    scripted(script)
    assert [json.loads(line)["page"] for line in cli("cards", JOB).out.splitlines()] == [1, 2]
    assert cli("cards", JOB, "--format", "csv").out.splitlines()[1].startswith("s1,La carte 1.,")


def test_upload_prints_the_id_alone(cli: Cli, script: Script, book: Path) -> None:
    scripted(script)
    assert cli("upload", book).out == f"{JOB}\n"
    assert json.loads(cli("upload", book, "--json").out)["id"] == JOB


def test_jobs_are_lines_that_a_name_cannot_break(cli: Cli, script: Script) -> None:
    items = [a_job("completed", name="a\tb\n\x1b[31mc.pdf", cards=2), a_job("failed")]
    script.on("GET /v1/jobs", Answer(200, {"items": items, "next_cursor": None}))
    lines = cli("jobs").out.splitlines()
    assert [line.split("\t")[1] for line in lines] == ["completed", "failed"]
    assert lines[0].split("\t")[5] == "a b  [31mc.pdf"
    assert len(cli("jobs", "--max", "1", "--json").out.splitlines()) == 1


@pytest.mark.parametrize(("end", "code"), [("cancelled", 0), ("completed", 6)])
def test_cancel_waits_for_what_became_of_the_job(cli: Cli, script: Script, end: str, code: int) -> None:
    scripted(script, status=end)
    script.on(f"POST /v1/jobs/{JOB}/cancel", Answer(202, a_job("extracting")))
    result = cli("cancel", JOB)
    assert result.code == code
    assert end in result.out


def test_a_job_that_had_ended_before_the_cancel_is_refused(cli: Cli, script: Script) -> None:
    script.on(f"POST /v1/jobs/{JOB}/cancel", refusal(409, "job_already_ended"))
    assert cli("cancel", JOB).code == 6


def test_the_help_tells_every_exit_status(cli: Cli) -> None:
    for command in ((), ("run",), ("cards",)):
        help_text = cli(*command, "--help").out
        for code in ("0 completed", "3 partial", "4 failed", "5 cancelled", "130 Ctrl-C"):
            assert code in " ".join(help_text.split())


@pytest.mark.parametrize(("end", "code"), [("completed", 0), ("partial", 3), ("failed", 4)])
def test_retry_follows_the_new_attempt_to_its_end(cli: Cli, script: Script, end: str, code: int) -> None:
    scripted(script, status=end, attempt=2)
    script.on(f"POST /v1/uploads/{JOB}/attempts", Answer(202, a_job("accepted", attempt=2)))
    result = cli("retry", JOB)
    assert result.code == code
    assert end in result.out
    assert {asked.query.get("attempt") for asked in script.requests(JOB_ROUTE)} == {"2"}
    (sent,) = script.requests(f"POST /v1/uploads/{JOB}/attempts")
    assert sent.headers["idempotency-key"]


@pytest.mark.parametrize(
    ("status", "refused"), [(409, "attempt_running"), (409, "nothing_to_retry"), (410, "job_deleted")]
)
def test_a_job_that_cannot_be_retried_says_why(cli: Cli, script: Script, status: int, refused: str) -> None:
    script.on(f"POST /v1/uploads/{JOB}/attempts", refusal(status, refused))
    result = cli("retry", JOB)
    assert result.code == (9 if status == 410 else 6)
    assert refused in result.err


@pytest.mark.heavy
def test_delete_waits_until_the_job_is_gone(cli: Cli, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feuilleton_client.cli.app._DELETION_LOOK_SECONDS", 0.0)
    script.on(f"DELETE /v1/jobs/{JOB}", Answer(202, a_job("extracting")))
    script.on(JOB_ROUTE, Answer(200, a_job("cancelled")), Answer(200, a_job("deleted")))
    result = cli("delete", JOB, "--yes")
    assert (result.code, "deleted" in result.out) == (0, True)
    script.on(JOB_ROUTE, Answer(200, a_job("extracting")))
    assert cli("delete", JOB, "--yes").code == 8


def test_delete_does_nothing_where_nobody_can_be_asked(
    cli: Cli, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli("delete", JOB).code == 2
    assert script.asked == []
