"""A book that the server has: run once more with other settings, or answered with what was done before."""

import json
from pathlib import Path

from tests.unit.client.conftest import JOB, a_job
from tests.unit.client.scripted_server import Answer, Script, refusal
from tests.unit.client.test_cli import Cli, cli, scripted

__all__ = ["cli"]
OTHER = "0f8fad5b-d9cb-469f-a165-70867728950e"
COPIES = f"POST /v1/uploads/{OTHER}/copies"


def test_again_sends_the_settings_that_change_and_follows_the_new_job(cli: Cli, script: Script, tmp_path: Path) -> None:
    scripted(script)
    script.on(COPIES, refusal(409, "idempotency_key_in_use", retry_after="0"), Answer(202, a_job()))
    result = cli("again", OTHER, "--limit", "6", "--keep-dialogue", "--pages", "3-", "-o", tmp_path / "cards.jsonl")
    assert (result.code, f"job {JOB}: completed" in result.out) == (0, True), result.err
    first, second = script.requests(COPIES)
    assert json.loads(second.body) == {"sentence_length_limit": 6, "ignore_dialogue": False, "pages": "3-"}
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert script.requests("POST /v1/uploads") == []
    assert len((tmp_path / "cards.jsonl").read_text().splitlines()) == 2


def test_anew_asks_for_a_new_job_of_a_copy_and_of_an_upload(cli: Cli, script: Script, book: Path) -> None:
    scripted(script)
    script.on(COPIES, Answer(202, a_job()))
    assert cli("again", OTHER, "--anew").code == 0
    assert json.loads(script.requests(COPIES)[0].body) == {"force": True}
    assert cli("run", book, "--anew").code == 0
    assert cli("upload", book).code == 0
    one, two = (asked.body for asked in script.requests("POST /v1/uploads"))
    assert b'name="force"\r\n\r\ntrue' in one
    assert b'name="force"' not in two


def test_a_book_that_was_done_before_says_so_and_gives_its_cards(cli: Cli, script: Script, book: Path) -> None:
    scripted(script)
    script.on("POST /v1/uploads", Answer(200, a_job("completed", reused=True)))
    result = cli("run", book)
    assert (result.code, "completed before with the same settings" in result.err) == (0, True)
    assert len(result.out.splitlines()) == 2
