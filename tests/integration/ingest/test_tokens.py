"""Tokens of an OIDC provider at the true ingest process. Keys and tenants need no broker."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton_local.ports import LOOPBACK
from tests.stack import Stack, auth, environment, migrate
from tests.unit.identity.provider import AUDIENCE, Provider, providing

pytestmark = pytest.mark.servers

START_SECONDS = 60.0


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        made.add_key("one")
        yield made


@pytest.fixture
def ingest(tmp_path: Path, fresh_database_url: str, provider: Provider) -> Iterator[str]:
    env = environment(
        kafka=f"{LOOPBACK}:1",
        prefix="",
        database_url=fresh_database_url,
        object_store_url=tmp_path.as_uri(),
        OIDC_ISSUER=provider.url,
        OIDC_AUDIENCE=AUDIENCE,
    )
    migrate(env, (("ingest", "migrate"),))
    stack = Stack(tmp_path, env)
    service = stack.add("ingest")
    service.start()
    try:
        _wait_until_it_lives(service.url)
        yield service.url
    finally:
        service.kill()


def _wait_until_it_lives(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{url}/livez").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def ask(url: str, token: str, method: str = "GET", **json: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, f"{url}/v1/keys", headers=headers, json=json or None)


def test_a_token_is_of_its_tenant_and_an_admin_by_claim_makes_keys_there(ingest: str, provider: Provider) -> None:
    tenant = {"tenant": "acme", "name": "Acme"}
    httpx.post(f"{ingest}/v1/tenants", headers=auth(), json=tenant).raise_for_status()
    assert ask(ingest, provider.token(), "POST", name="k").status_code == 403
    made = ask(ingest, provider.token(role="admin"), "POST", name="k")
    assert (made.status_code, made.json()["tenant"], made.json()["created_by"]) == (201, "acme", "user-7")
    assert [key["id"] for key in ask(ingest, provider.token()).json()["items"]] == [made.json()["id"]]
    assert ask(ingest, provider.token(tenant="rival")).json()["items"] == []
    assert ask(ingest, made.json()["key"]).status_code == 200


def test_a_token_of_someone_else_stays_outside(ingest: str, provider: Provider) -> None:
    for token in (provider.token(aud="another"), provider.token(iss="https://another.example"), "a.b.c"):
        assert ask(ingest, token).json()["code"] == "unauthenticated"
