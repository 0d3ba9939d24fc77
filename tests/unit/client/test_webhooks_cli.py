"""`feuilleton webhooks` against a scripted server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from feuilleton_client.cli.app import app
from tests.unit.client.conftest import JOB, KEY
from tests.unit.client.scripted_server import Answer, Script, refusal

Cli = Callable[..., tuple[int, str, str]]
ID = "0b8b4f0e-3f0c-4d5e-9a52-1f6f0c1c2d3e"
BASE = f"/v1/webhooks/{ID}"


@pytest.fixture
def cli(address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("FEUILLETON_STATUS_URL", address)
    monkeypatch.setenv("FEUILLETON_API_KEY", KEY)
    monkeypatch.delenv("FEUILLETON_ENV_FILE", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            app(["webhooks", *arguments])
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return call


def a_webhook(**more: object) -> dict[str, Any]:
    return {
        "id": ID,
        "url": "https://hooks.example.org/x",
        "events": ["job.ended"],
        "enabled": True,
        "disabled_for": None,
        "created_at": "2026-11-22T10:00:00Z",
        "old_secret_until": None,
        **more,
    }


def a_delivery(number: int, **more: object) -> dict[str, Any]:
    return {
        "id": f"delivery-{number}",
        "event_id": f"event-{number}",
        "type": "job.ended",
        "job": JOB,
        "state": "delivered",
        "tries": 1,
        "created_at": "2026-11-22T10:00:00.123Z",
        "tried_at": "2026-11-22T10:00:01Z",
        "next_try_at": None,
        "status": 200,
        "error": None,
        "message": {},
        **more,
    }


def test_a_webhook_is_added_and_its_secret_printed(cli: Cli, script: Script) -> None:
    script.on("POST /v1/webhooks", Answer(201, a_webhook(secret="whsec_abc")))
    status, out, err = cli("add", "https://hooks.example.org/x", "--event", "job.ended", "--event", "job.deleted")
    assert (status, out, err) == (0, f"{ID}\twhsec_abc\n", "")
    (asked,) = script.asked
    assert json.loads(asked.body) == {"url": "https://hooks.example.org/x", "events": ["job.ended", "job.deleted"]}


def test_a_webhook_may_be_of_one_job(cli: Cli, script: Script) -> None:
    script.on("POST /v1/webhooks", Answer(201, a_webhook(secret="whsec_abc", job=JOB)))
    script.on("GET /v1/webhooks", Answer(body={"items": []}))
    assert cli("add", "https://hooks.example.org/x", "--job", JOB)[0] == 0
    assert cli("list", "--job", JOB)[:2] == (0, "")
    assert json.loads(script.asked[0].body) == {"url": "https://hooks.example.org/x", "job": JOB}
    assert script.asked[1].query == {"job_id": JOB}


def test_a_webhook_is_asked_for_once_even_when_the_answer_is_lost(cli: Cli, script: Script) -> None:
    script.on("POST /v1/webhooks", Answer(hang_up=True))
    status, out, _ = cli("add", "https://hooks.example.org/x")
    assert (status, out, len(script.asked)) == (8, "", 1)
    assert json.loads(script.asked[0].body) == {"url": "https://hooks.example.org/x"}


def test_webhooks_are_listed_with_why_one_is_disabled(cli: Cli, script: Script) -> None:
    gone = a_webhook(enabled=False, disabled_for="gone", events=["job.ended", "job.deleted"])
    script.on("GET /v1/webhooks", Answer(body={"items": [a_webhook(), gone]}))
    assert cli("list")[1].splitlines() == [
        f"{ID}\tenabled\tjob.ended\thttps://hooks.example.org/x",
        f"{ID}\tdisabled (gone)\tjob.ended,job.deleted\thttps://hooks.example.org/x",
    ]
    script.on(f"PATCH {BASE}", Answer(body=a_webhook()))
    assert cli("enable", ID)[0] == 0
    assert json.loads(script.requests(f"PATCH {BASE}")[0].body) == {"enabled": True}


def test_a_webhook_is_removed(cli: Cli, script: Script) -> None:
    script.on(f"DELETE {BASE}", Answer(204), refusal(404, "webhook_not_found"))
    assert cli("remove", ID)[:2] == (0, "")
    status, _, err = cli("remove", ID)
    assert status == 9
    assert "webhook_not_found" in err


def test_deliveries_are_read_page_by_page_as_far_as_they_are_wanted(cli: Cli, script: Script) -> None:
    failed = a_delivery(2, state="pending", tries=3, status=None, error="timeout", job=None, type="webhook.test")
    pages = [
        Answer(body={"items": [a_delivery(1), failed], "next_cursor": "next"}),
        Answer(body={"items": [a_delivery(3)], "next_cursor": None}),
    ]
    script.on(f"GET {BASE}/deliveries", *pages)
    assert cli("deliveries", ID)[1].splitlines() == [
        f"delivery-1\t2026-11-22T10:00:00+00:00\tjob.ended\t{JOB}\tdelivered\t1\t200",
        "delivery-2\t2026-11-22T10:00:00+00:00\twebhook.test\t-\tpending\t3\ttimeout",
        f"delivery-3\t2026-11-22T10:00:00+00:00\tjob.ended\t{JOB}\tdelivered\t1\t200",
    ]
    assert [asked.query.get("cursor") for asked in script.asked] == [None, "next"]
    script.served.clear()
    assert len(cli("deliveries", ID, "--max", "2")[1].splitlines()) == 2
    assert len(script.asked) == 3


def test_a_test_and_a_second_delivery_are_asked_for(cli: Cli, script: Script) -> None:
    script.on(f"POST {BASE}/test", Answer(202, a_delivery(1, state="pending", status=None, tries=0)))
    script.on(f"POST {BASE}/deliveries/delivery-1/redeliver", Answer(202, a_delivery(1, state="pending")))
    assert cli("test", ID)[1].split("\t")[4:] == ["pending", "0", "-\n"]
    assert json.loads(cli("redeliver", ID, "delivery-1", "--json")[1])["state"] == "pending"
