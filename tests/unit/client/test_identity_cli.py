"""`feuilleton keys` and `feuilleton tenants` against a scripted server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feuilleton_client.cli.app import app
from tests.unit.client.conftest import KEY
from tests.unit.client.scripted_server import Answer, Script, refusal

Cli = Callable[..., tuple[int, str, str]]
SECRET = "fk_0Az19Zm3Q7x5Lw8Rt2Vy6Bn4Hc0Jd1Ke0jnuiB"


@pytest.fixture
def cli(address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("FEUILLETON_INGEST_URL", address)
    monkeypatch.setenv("FEUILLETON_API_KEY", KEY)
    for name in ("FEUILLETON_STATUS_URL", "FEUILLETON_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            app(list(arguments))
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return call


def a_key(number: int = 1, **more: object) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "tenant": "acme",
        "name": f"key {number}",
        "hint": "fk_0Az19Z",
        "role": "user",
        "scopes": ["read", "write"],
        "created_at": "2026-11-22T10:00:00Z",
        "created_by": "bootstrap",
        "expires_at": None,
        "last_used_at": None,
        "revoked_at": None,
        **more,
    }


def a_tenant(name: str, **more: object) -> dict[str, Any]:
    return {
        "tenant": name,
        "name": name.title(),
        "uploads_per_hour": None,
        "created_at": "2026-11-22T10:00:00Z",
        **more,
    }


def test_a_new_key_alone_is_printed(cli: Cli, script: Script) -> None:
    script.on("POST /v1/keys", Answer(201, a_key(key=SECRET)))
    code, out, err = cli("keys", "create", "the reading room", "--scope", "read", "--days", "30", "--tenant", "acme")
    assert (code, out, err) == (0, f"{SECRET}\n", "")
    (asked,) = script.requests("POST /v1/keys")
    body = json.loads(asked.body)
    ends = datetime.fromisoformat(body.pop("expires_at"))
    assert body == {"name": "the reading room", "role": "user", "scopes": ["read"], "tenant": "acme"}
    assert timedelta(days=29) < ends - datetime.now(UTC) <= timedelta(days=30)


def test_a_key_is_not_made_twice_when_the_answer_is_lost(cli: Cli, script: Script) -> None:
    script.on("POST /v1/keys", Answer(hang_up=True))
    code, out, _ = cli("keys", "create", "one")
    assert (code, out) == (8, "")
    assert len(script.requests("POST /v1/keys")) == 1


def test_keys_are_listed_over_pages_with_their_state(cli: Cli, script: Script) -> None:
    script.on(
        "GET /v1/keys",
        Answer(200, {"items": [a_key(3, last_used_at="2026-11-22T11:00:00Z")], "next_cursor": "c"}),
        Answer(
            200,
            {
                "items": [
                    a_key(2, revoked_at="2026-11-22T11:00:00Z"),
                    a_key(1, expires_at="2020-01-01T00:00:00Z"),
                    a_key(0, expires_at="2999-01-01T00:00:00Z", name="a\x1b[31m key"),
                ],
                "next_cursor": None,
            },
        ),
    )
    code, out, _ = cli("keys", "list", "--tenant", "acme")
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(row[4], row[5]) for row in rows] == [
        ("good", "2026-11-22"),
        ("revoked", "-"),
        ("expired", "-"),
        ("until 2999-01-01", "-"),
    ]
    assert rows[3][6] == "a [31m key"
    assert [asked.query.get("cursor") for asked in script.requests("GET /v1/keys")] == [None, "c"]
    assert {asked.query["tenant"] for asked in script.requests("GET /v1/keys")} == {"acme"}


def test_a_key_is_revoked_and_a_refusal_has_its_exit_code(cli: Cli, script: Script) -> None:
    script.on(f"DELETE /v1/keys/{1:032x}", Answer(204))
    assert cli("keys", "revoke", f"{1:032x}")[0] == 0
    script.on("DELETE /v1/keys/unknown", refusal(404, "key_not_found"))
    code, _, err = cli("keys", "revoke", "unknown")
    assert code == 9
    assert "key_not_found" in err
    script.on("POST /v1/keys", refusal(403, "forbidden"))
    assert cli("keys", "create", "x")[0] == 7


def test_tenants_are_made_changed_and_listed(cli: Cli, script: Script) -> None:
    script.on("POST /v1/tenants", Answer(201, a_tenant("acme")))
    script.on("PATCH /v1/tenants/acme", Answer(200, a_tenant("acme", uploads_per_hour=100)))
    script.on(
        "GET /v1/tenants",
        Answer(200, {"items": [a_tenant("acme", uploads_per_hour=100)], "next_cursor": "acme"}),
        Answer(200, {"items": [a_tenant("default")], "next_cursor": None}),
    )
    assert cli("tenants", "create", "acme", "--name", "Acme")[1] == "acme\t-\t2026-11-22\tAcme\n"
    assert json.loads(script.requests("POST /v1/tenants")[0].body) == {"tenant": "acme", "name": "Acme"}
    assert cli("tenants", "change", "acme", "--uploads-per-hour", "100")[1].split("\t")[1] == "100"
    assert cli("tenants", "change", "acme", "--retention-days", "30", "--share", "2")[0] == 0
    asked = [json.loads(asked.body) for asked in script.requests("PATCH /v1/tenants/acme")]
    assert asked == [{"uploads_per_hour": 100}, {"retention_days": 30, "share": 2}]
    code, out, _ = cli("tenants", "list", "--json")
    assert code == 0
    assert [json.loads(line)["tenant"] for line in out.splitlines()] == ["acme", "default"]
