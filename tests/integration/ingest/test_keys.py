"""Keys and tenants over HTTP, on the real database: who may make, see, use and revoke which."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import SecretStr

from feuilleton.database.pool import Database
from feuilleton.http.auth import BearerAuth
from feuilleton.http.problems import install_problems
from feuilleton.identity.key_text import is_key
from feuilleton.identity.keys import CACHE_SECONDS, ApiKeys
from feuilleton.identity.postgres import PostgresKeys
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.identity import KEYS_LIMIT, KeyDesk
from ingest.identity_routes import key_router, tenant_router

pytestmark = pytest.mark.servers

BOOTSTRAP = "bootstrap-key-of-a-test"
Json = dict[str, Any]


async def _nothing() -> None:
    """A route that does nothing but guard."""


class Api:
    """The routes of one process. `later` lets its memory of keys grow old."""

    def __init__(self, database: Database) -> None:
        self._seconds = 0.0
        keys = ApiKeys(PostgresKeys(database), clock=lambda: self._seconds)
        auth, identity = BearerAuth(SecretStr(BOOTSTRAP), keys), PostgresIdentity(database)
        app = FastAPI()
        install_problems(app)
        app.include_router(key_router(KeyDesk(identity), auth))
        app.include_router(tenant_router(identity, auth))
        app.add_api_route("/guarded", _nothing, dependencies=[Depends(auth)], methods=["GET", "POST"])
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://ingest")

    async def ask(
        self, method: str, path: str, key: str = BOOTSTRAP, json: Json | None = None, **params: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return await self.client.request(method, path, headers=headers, json=json, params=params)

    async def make_key(self, by: str = BOOTSTRAP, **fields: Any) -> Json:
        answer = await self.ask("POST", "/v1/keys", by, {"name": "a key", **fields})
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/v1/keys/{answer.json()['id']}"
        assert answer.headers["cache-control"] == "no-store"
        made: Json = answer.json()
        return made

    async def make_tenant(self, tenant: str, **fields: Any) -> None:
        answer = await self.ask("POST", "/v1/tenants", json={"tenant": tenant, "name": tenant.title(), **fields})
        assert answer.status_code == 201, answer.text

    async def status_with(self, key: str, method: str = "GET") -> int:
        return (await self.ask(method, "/guarded", key)).status_code

    def later(self) -> None:
        self._seconds += CACHE_SECONDS


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    made = Api(database)
    yield made
    await made.client.aclose()


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_key_is_shown_once_and_only_its_hash_is_stored(api: Api, database: Database) -> None:
    made = await api.make_key(name="the reading room")
    text = made["key"]
    assert is_key(text)
    assert text.startswith(made["hint"])
    for path in ("/v1/keys", f"/v1/keys/{made['id']}"):
        assert text not in (await api.ask("GET", path)).text
    async with database.connection() as connection:
        stored = await connection.fetchval("SELECT string_agg(k::text, ' ') FROM ingest.api_keys k")
    assert text not in stored
    assert text.removeprefix(made["hint"]) not in stored
    assert await api.status_with(text) == 200


async def test_a_revoked_key_stops_and_can_be_revoked_twice(api: Api) -> None:
    made = await api.make_key()
    assert await api.status_with(made["key"]) == 200
    for _ in range(2):
        assert (await api.ask("DELETE", f"/v1/keys/{made['id']}")).status_code == 204
    api.later()
    assert await api.status_with(made["key"]) == 401
    assert told(await api.ask("GET", f"/v1/keys/{made['id']}")) == (404, "key_not_found")
    (seen,) = (await api.ask("GET", "/v1/keys")).json()["items"]
    assert seen["revoked_at"] is not None
    assert seen["last_used_at"] is not None


async def test_a_scope_allows_its_methods_alone(api: Api) -> None:
    reading, writing = await api.make_key(scopes=["read"]), await api.make_key(scopes=["write"])
    assert [await api.status_with(reading["key"], method) for method in ("GET", "POST")] == [200, 403]
    assert [await api.status_with(writing["key"], method) for method in ("GET", "POST")] == [403, 200]


async def test_a_user_makes_no_keys_and_an_admin_none_that_can_do_more(api: Api) -> None:
    user = (await api.make_key())["key"]
    assert told(await api.ask("POST", "/v1/keys", user, {"name": "another"})) == (403, "forbidden")
    writer = (await api.make_key(role="admin", scopes=["write"]))["key"]
    assert told(await api.ask("POST", "/v1/keys", writer, {"name": "a reader"})) == (403, "forbidden")
    assert (await api.make_key(by=writer, scopes=["write"]))["scopes"] == ["write"]


async def test_everyone_can_revoke_the_own_key_and_only_admins_another(api: Api) -> None:
    mine, other = await api.make_key(), await api.make_key()
    assert told(await api.ask("DELETE", f"/v1/keys/{other['id']}", mine["key"])) == (403, "forbidden")
    assert (await api.ask("DELETE", f"/v1/keys/{mine['id']}", mine["key"])).status_code == 204


async def test_another_tenants_keys_are_not_there(api: Api) -> None:
    await api.make_tenant("acme")
    await api.make_tenant("rival")
    ours = await api.make_key(tenant="acme", role="admin")
    theirs = await api.make_key(tenant="rival", role="admin")
    rival = theirs["key"]
    for key_id in (ours["id"], "f" * 32, "%00", "x"):
        for method in ("GET", "DELETE"):
            assert told(await api.ask(method, f"/v1/keys/{key_id}", rival)) == (404, "key_not_found")
    for tenant in ("acme", "nobody"):
        assert told(await api.ask("GET", "/v1/keys", rival, tenant=tenant)) == (404, "tenant_not_found")
        wanted = {"name": "mine", "tenant": tenant}
        assert told(await api.ask("POST", "/v1/keys", rival, wanted)) == (404, "tenant_not_found")
    for cursor in (ours["id"], "f" * 32, "x"):
        assert told(await api.ask("GET", "/v1/keys", rival, cursor=cursor)) == (422, "invalid_cursor")
    assert [key["id"] for key in (await api.ask("GET", "/v1/keys", rival)).json()["items"]] == [theirs["id"]]
    assert await api.status_with(ours["key"]) == 200


async def test_an_admin_of_another_tenant_is_no_operator(api: Api) -> None:
    await api.make_tenant("acme")
    admin = (await api.make_key(tenant="acme", role="admin"))["key"]
    for method, path, json in (
        ("GET", "/v1/tenants", None),
        ("POST", "/v1/tenants", {"tenant": "more", "name": "More"}),
        ("PATCH", "/v1/tenants/acme", {"uploads_per_hour": 1000}),
        ("PATCH", "/v1/tenants/nobody", {"uploads_per_hour": 1000}),
    ):
        assert told(await api.ask(method, path, admin, json)) == (403, "forbidden")


async def test_an_operator_makes_changes_and_lists_tenants(api: Api) -> None:
    for name in ("b-school", "a-school"):
        await api.make_tenant(name)
    again = await api.ask("POST", "/v1/tenants", json={"tenant": "a-school", "name": "A"})
    assert told(again) == (409, "tenant_exists")
    changed = (await api.ask("PATCH", "/v1/tenants/a-school", json={"uploads_per_hour": 0})).json()
    assert (changed["name"], changed["uploads_per_hour"]) == ("A-School", 0)
    for unknown in ("nobody", "%00", "A"):
        answer = await api.ask("PATCH", f"/v1/tenants/{unknown}", json={"name": "N"})
        assert told(answer) == (404, "tenant_not_found")
    first = (await api.ask("GET", "/v1/tenants", limit="2")).json()
    rest = (await api.ask("GET", "/v1/tenants", limit="2", cursor=first["next_cursor"])).json()
    assert [each["tenant"] for each in first["items"] + rest["items"]] == ["a-school", "b-school", "default"]
    assert rest["next_cursor"] is None


async def test_keys_come_newest_first_page_by_page(api: Api) -> None:
    made = [(await api.make_key(name=f"key {number}"))["id"] for number in range(5)]
    seen: list[str] = []
    page = (await api.ask("GET", "/v1/keys", limit="2")).json()
    while True:
        seen += [key["id"] for key in page["items"]]
        if page["next_cursor"] is None:
            break
        page = (await api.ask("GET", "/v1/keys", limit="2", cursor=page["next_cursor"])).json()
    assert seen == made[::-1]


async def test_a_tenant_has_so_many_keys_and_a_revoked_one_gives_its_place(api: Api, database: Database) -> None:
    kept = await api.make_key()
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO ingest.api_keys (id, tenant, name, hint, digest, role, scopes, created_by) "
            "SELECT md5(n::text), 'default', 'k', 'fk_', sha256(n::text::bytea), 'user', '{read}', 'tests' "
            "FROM generate_series(2, $1) AS n",
            KEYS_LIMIT,
        )
    assert told(await api.ask("POST", "/v1/keys", json={"name": "one more"})) == (409, "too_many_keys")
    await api.ask("DELETE", f"/v1/keys/{kept['id']}")
    await api.make_key()


async def test_a_key_ends_at_its_hour(api: Api, database: Database) -> None:
    made = await api.make_key(expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert await api.status_with(made["key"]) == 200
    async with database.connection() as connection:
        await connection.execute("UPDATE ingest.api_keys SET expires_at = now() - interval '1 second'")
    api.later()
    assert await api.status_with(made["key"]) == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a\x00b"),
        ("name", "n" * 101),
        ("role", "root"),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("expires_at", "2020-01-01T00:00:00Z"),
        ("expires_at", "2030-01-01T00:00:00"),
        ("expires_at", "2030-01-01"),
        ("expires_at", 1_900_000_000),
        ("expires_at", "1900000000"),
        ("expires_at", "2099-01-01T00:00:00Z"),
        ("expires_at", "9999-12-31T23:59:59-23:59"),
        ("expires_at", "0001-01-01T00:00:00+23:59"),
        ("tenant", "../default"),
        ("key", "fk_of_my_own"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, field: str, value: object) -> None:
    answer = await api.ask("POST", "/v1/keys", json={"name": "a key", field: value})
    assert told(answer) == (422, "invalid_request")
    assert {error["field"].split(".")[0] for error in answer.json()["errors"]} == {field}


@pytest.mark.parametrize("value", [True, "5", -1, 1.5, 10**9, [], {}])
async def test_a_limit_is_a_whole_number(api: Api, value: object) -> None:
    for method, path, more in (("POST", "/v1/tenants", {"tenant": "t", "name": "T"}), ("PATCH", "/v1/tenants/t", {})):
        assert told(await api.ask(method, path, json={**more, "uploads_per_hour": value})) == (422, "invalid_request")


async def test_without_the_database_keys_get_503_and_the_bootstrap_key_comes_in(api: Api, database: Database) -> None:
    key = (await api.make_key())["key"]
    assert await api.status_with(key) == 200
    api.later()
    await database.stop()
    assert await api.status_with(key) == 503
    assert await api.status_with(BOOTSTRAP) == 200
