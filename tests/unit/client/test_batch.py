"""Several books with one command."""

import json
from pathlib import Path

import pytest

from tests.unit.client.conftest import JOB, a_job
from tests.unit.client.scripted_server import Answer, Script, refusal
from tests.unit.client.test_cli import Cli, cli, scripted

__all__ = ["cli"]


@pytest.fixture
def books(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "a" / "Tome.pdf", tmp_path / "b" / "tome.pdf", tmp_path / "b" / "Conte.pdf"]
    for path in made:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%PDF-1.7\n" + path.name.encode())
    return made


def test_each_book_gets_its_job_and_its_file_and_two_of_one_name_do_not_meet(
    cli: Cli, script: Script, books: list[Path], tmp_path: Path
) -> None:
    scripted(script)
    result = cli("run", *books, "-o", tmp_path / "cards", "--limit", "9", "--at-once", "2")
    assert result.code == 0, result.err
    assert sorted(path.name for path in (tmp_path / "cards").iterdir()) == ["Conte.csv", "Tome.csv", "tome-2.csv"]
    assert sorted(line.split(": job")[0] for line in result.out.splitlines()) == sorted(map(str, books))
    uploads = script.requests("POST /v1/uploads")
    assert len({asked.headers["idempotency-key"] for asked in uploads}) == 3
    assert all(b"sentence_length_limit" in asked.body for asked in uploads)


def test_a_book_that_is_refused_costs_no_other_and_the_worst_tells_the_exit_status(
    cli: Cli, script: Script, books: list[Path]
) -> None:
    scripted(script, status="partial")
    script.on("POST /v1/uploads", Answer(202, a_job()), refusal(415, "not_a_pdf"), Answer(202, a_job()))
    result = cli("run", *books, "--at-once", "1")
    assert result.code == 6
    assert len(result.out.splitlines()) == 2
    assert f"feuilleton: {books[1]}: not_a_pdf" in result.err


def test_with_json_each_book_is_a_document_and_so_is_a_refusal(
    cli: Cli, script: Script, books: list[Path], tmp_path: Path
) -> None:
    scripted(script)
    script.on("POST /v1/uploads", refusal(422, "encrypted"), Answer(202, a_job()))
    result = cli("run", *books[:2], "--at-once", "1", "--json", "-o", tmp_path)
    (done,) = (json.loads(line) for line in result.out.splitlines())
    assert (done["book"], done["file"], done["job"]["id"]) == (str(books[1]), str(tmp_path / "tome-2.csv"), JOB)
    told = json.loads(result.err)
    assert (told["code"], told["book"]) == ("encrypted", str(books[0]))


def test_a_key_of_ones_own_makes_the_same_keys_in_every_run(cli: Cli, script: Script, books: list[Path]) -> None:
    scripted(script)
    for _ in range(2):
        assert cli("run", *books, "--idempotency-key", "night").code == 0
    keys = [asked.headers["idempotency-key"] for asked in script.requests("POST /v1/uploads")]
    assert sorted(keys[:3]) == sorted(keys[3:])
    assert len(set(keys)) == 3


def test_nothing_is_uploaded_where_a_file_stands_in_the_way(
    cli: Cli, script: Script, books: list[Path], tmp_path: Path
) -> None:
    scripted(script)
    (tmp_path / "Conte.csv").write_text("mine")
    assert cli("run", *books, "-o", tmp_path).code == 10
    assert script.requests("POST /v1/uploads") == []
    (tmp_path / "file").write_text("mine")
    assert cli("run", *books, "-o", tmp_path / "file").code == 10
