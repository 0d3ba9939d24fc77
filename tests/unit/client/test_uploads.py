import email.parser
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ProblemError, UnavailableError, UnexpectedAnswerError
from feuilleton_client.uploads import EngineChoice, JobOptions
from tests.unit.client.conftest import JOB, KEY, Waits, a_job
from tests.unit.client.scripted_server import Answer, Asked, Script, refusal

ROUTE = "POST /v1/uploads"
ACCEPTED = Answer(202, a_job(), (("Location", f"/v1/jobs/{JOB}"),))


def parts_of(asked: Asked) -> dict[str, bytes]:
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + asked.body)
    parts = cast("list[EmailMessage]", list(message.iter_parts()))
    return {
        str(part.get_param("name", header="content-disposition")): cast("bytes", part.get_payload(decode=True))
        for part in parts
    }


def keys_of(script: Script) -> list[str]:
    return [asked.headers["idempotency-key"] for asked in script.requests(ROUTE)]


def test_a_book_goes_out_whole_with_only_the_settings_that_were_chosen(
    client: FeuilletonClient, script: Script, book: Path
) -> None:
    script.on(ROUTE, ACCEPTED)
    options = JobOptions(sentence_length_limit=9, engine=EngineChoice.LOCAL, ignore_dialogue=True, pages="3-20")
    assert client.upload(book, options).id == JOB
    (asked,) = script.requests(ROUTE)
    assert parts_of(asked) == {
        "sentence_length_limit": b"9",
        "engine": b"local",
        "ignore_dialogue": b"true",
        "pages": b"3-20",
        "file": book.read_bytes(),
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert "Le Banc – été.pdf".encode() in asked.body


def test_the_body_is_announced_with_its_length_and_read_in_pieces(
    client: FeuilletonClient, script: Script, book: Path
) -> None:
    script.on(ROUTE, ACCEPTED)
    seen: list[tuple[int, int]] = []
    client.upload(book, sent=lambda sent, total: seen.append((sent, total)))
    (asked,) = script.requests(ROUTE)
    assert asked.headers["content-length"] == str(len(asked.body))
    size = book.stat().st_size
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


@pytest.mark.parametrize(
    "failure",
    [
        refusal(503, "broker_unavailable", retry_after="2"),
        refusal(503, "outcome_unknown", job_id=JOB),
        refusal(429, "too_many_requests"),
        refusal(408, "body_timeout"),
        refusal(409, "idempotency_key_in_use", retry_after="2"),
        Answer(502, b"<html>", media_type="text/html"),
        Answer(hang_up=True),
    ],
    ids=lambda answer: str(answer.status),
)
def test_a_failed_try_is_repeated_with_the_same_key_and_the_same_bytes(
    client: FeuilletonClient, script: Script, book: Path, failure: Answer
) -> None:
    script.on(ROUTE, failure, failure, ACCEPTED)
    assert client.upload(book).id == JOB
    assert len(keys_of(script)) == 3
    assert len(set(keys_of(script))) == 1
    assert [parts_of(asked)["file"] for asked in script.requests(ROUTE)] == [book.read_bytes()] * 3


def test_two_calls_carry_two_keys(client: FeuilletonClient, script: Script, book: Path) -> None:
    script.on(ROUTE, ACCEPTED)
    client.upload(book)
    client.upload(book)
    assert len(set(keys_of(script))) == 2


def test_a_key_of_the_caller_is_used_as_it_is(client: FeuilletonClient, script: Script, book: Path) -> None:
    script.on(ROUTE, ACCEPTED)
    client.upload(book, idempotency_key="mine")
    assert keys_of(script) == ["mine"]


def test_retry_after_is_waited_for_at_least(client: FeuilletonClient, script: Script, book: Path, waits: Waits) -> None:
    script.on(ROUTE, refusal(503, "queue_full", retry_after="7"), ACCEPTED)
    client.upload(book)
    (waited,) = waits.seconds
    assert 7 <= waited <= 8


def test_a_retry_after_beyond_all_patience_ends_at_once(
    client: FeuilletonClient, script: Script, book: Path, waits: Waits
) -> None:
    script.on(ROUTE, refusal(503, "queue_full", retry_after="3600"))
    with pytest.raises(ProblemError) as caught:
        client.upload(book)
    assert (caught.value.code, caught.value.retry_after_seconds) == ("queue_full", 3600.0)
    assert waits.seconds == []


def test_retries_end_and_the_last_refusal_tells_the_job(
    client: FeuilletonClient, script: Script, book: Path, waits: Waits
) -> None:
    script.on(ROUTE, refusal(503, "outcome_unknown", job_id=JOB))
    with pytest.raises(ProblemError) as caught:
        client.upload(book)
    assert caught.value.problem.job_id == JOB
    assert 20 < sum(waits.seconds) <= 30
    assert len(set(keys_of(script))) == 1


@pytest.mark.parametrize(("status", "code"), [(413, "file_too_large"), (422, "encrypted"), (401, "unauthenticated")])
def test_what_cannot_get_better_is_not_tried_again(
    client: FeuilletonClient, script: Script, book: Path, status: int, code: str
) -> None:
    script.on(ROUTE, refusal(status, code))
    with pytest.raises(ProblemError) as caught:
        client.upload(book)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert len(keys_of(script)) == 1


def test_an_idempotency_conflict_that_is_final_is_not_tried_again(
    client: FeuilletonClient, script: Script, book: Path
) -> None:
    script.on(ROUTE, refusal(409, "something_else"))
    with pytest.raises(ProblemError):
        client.upload(book)
    assert len(keys_of(script)) == 1


def test_nobody_at_the_address_is_unavailable_and_says_where(book: Path, waits: Waits) -> None:
    nobody = FeuilletonClient("http://127.0.0.1:1", "http://127.0.0.1:1", KEY, pacing=waits.pacing())
    with nobody, pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:1"):
        nobody.upload(book)
    assert waits.seconds
    assert all(isinstance(cause, UnavailableError) for cause in waits.causes)


def test_an_answer_of_something_else_is_called_so(client: FeuilletonClient, script: Script, book: Path) -> None:
    script.on(ROUTE, Answer(200, b"<html>hello</html>", media_type="text/html"))
    with pytest.raises(UnexpectedAnswerError):
        client.upload(book)


def test_loopback_is_reached_without_the_proxy_of_the_environment(
    script: Script, address: str, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.on(ROUTE, ACCEPTED)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with FeuilletonClient(address, address, KEY) as behind_proxy:
        assert behind_proxy.upload(book).id == JOB
