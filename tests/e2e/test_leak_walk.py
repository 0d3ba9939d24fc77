"""A tenant learns nothing of another's: every route of both services is asked, with every kind of its credentials."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.identity import KeyWish, NewApiKey
from feuilleton_client.uploads import EngineChoice, JobOptions
from tests.leak_walk import Foreign, operations, statuses, walk
from tests.stack import API_KEY, Stack

pytestmark = pytest.mark.servers

Json = dict[str, Any]
BOOK = "Le secret de la maison.pdf"
NOBODYS_JOB = "00000000-0000-4000-8000-000000000000"
NOBODYS = {
    "job_id": NOBODYS_JOB,
    "job": NOBODYS_JOB,
    "document_id": NOBODYS_JOB,
    "key_id": "0" * 32,
    "tenant": "nobody-at-all",
    "webhook_id": "00000000-0000-4000-8000-000000000001",
    "delivery_id": "00000000-0000-4000-8000-000000000002",
}
"""A parameter of a new route that takes an id is named here, and the owner has one of these below."""


@dataclass(frozen=True)
class Tenant:
    """With an admin's key, a webhook, and a message that is to be sent to it."""

    name: str
    key: NewApiKey
    webhook: str
    delivery: str

    def client(self, system: Stack, key: str | None = None) -> FeuilletonClient:
        return FeuilletonClient(system.ingest_url, system.status_url, key or self.key.key)

    def key_for(self, system: Stack, *, role: str = "user", scopes: tuple[str, ...] = ("read", "write")) -> str:
        with self.client(system) as mine:
            return mine.identity.create_key(KeyWish(name="another", role=role, scopes=scopes)).key


@dataclass(frozen=True)
class World:
    owner: Tenant
    rival: Tenant
    foreign: Foreign


def a_tenant(system: Stack, operator: FeuilletonClient, kind: str) -> Tenant:
    name = f"{kind}-{uuid4().hex[:8]}"
    operator.identity.create_tenant(name, f"The tenant {name}")
    key = operator.identity.create_key(KeyWish(name=f"key of {name}", role="admin", tenant=name))
    with asking(system.status_url, key.key) as mine:
        wish = {"url": f"https://hooks.example.org/{name}"}
        webhook = mine.post("/v1/webhooks", json=wish).raise_for_status().json()["id"]
        delivery = mine.post(f"/v1/webhooks/{webhook}/test").raise_for_status().json()["id"]
    return Tenant(name, key, webhook, delivery)


@pytest.fixture(scope="module")
def world(system: Stack, client: FeuilletonClient, sample_pdf: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    owner, rival = (a_tenant(system, client, kind) for kind in ("owner", "rival"))
    book: Path = tmp_path_factory.mktemp("owner") / BOOK
    book.write_bytes(sample_pdf.read_bytes())
    with owner.client(system) as mine:
        job = mine.wait(mine.upload(book, JobOptions(engine=EngineChoice.LOCAL)).id)
        cards = [card.text for card in mine.cards(job.id)]
    assert len(cards) > 10
    foreign = Foreign(
        ids={
            "job_id": job.id,
            "job": job.id,
            "document_id": job.id,
            "key_id": owner.key.id,
            "tenant": owner.name,
            "webhook_id": owner.webhook,
            "delivery_id": owner.delivery,
        },
        nobodys=NOBODYS,
        secrets=frozenset({job.id, owner.key.id, owner.name, owner.webhook, owner.delivery, BOOK, *cards}),
        own={"webhook_id": rival.webhook},
        constants={"form": "csv"},
    )
    return World(owner, rival, foreign)


def document(url: str) -> Json:
    found: Json = httpx.get(f"{url}/openapi.json").raise_for_status().json()
    return found


def asking(url: str, key: str | None) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"} if key else {}, timeout=30)


def seen_by_the_owner(system: Stack, world: World) -> list[object]:
    """What a command of someone else could have changed."""
    job_id = world.foreign.ids["job_id"]
    with world.owner.client(system) as mine, asking(system.status_url, world.owner.key.key) as raw:
        keys = [(key.id, key.revoked_at) for key in mine.identity.keys()]  # noqa: SIM118 (no dict)
        webhooks = raw.get("/v1/webhooks").raise_for_status().json()
        return [mine.job(job_id), [card.text for card in mine.cards(job_id)], keys, webhooks]


@pytest.mark.parametrize("role", ["admin", "user"])
def test_no_route_tells_of_another_tenants_things_or_does_anything_to_them(
    system: Stack, world: World, role: str
) -> None:
    before = seen_by_the_owner(system, world)
    key = world.rival.key_for(system, role=role)
    for url in (system.ingest_url, system.status_url):
        with asking(url, key) as rival:
            asked = walk(document(url), rival, world.foreign)
        assert [str(each) for each in asked if each.finding] == []
        assert len({(each.method, each.path) for each in asked}) >= len(list(operations(document(url))))
    with world.rival.client(system, key) as rival_client:
        assert list(rival_client.jobs()) == []
    assert seen_by_the_owner(system, world) == before


def test_the_same_walk_sees_all_where_the_key_is_the_owners(system: Stack, world: World) -> None:
    """So it does reach what it must not see."""
    with asking(system.status_url, world.owner.key_for(system, scopes=("read",))) as owner:
        asked = walk(document(system.status_url), owner, world.foreign)
    found = {each.path for each in asked if each.finding and each.method == "GET"}
    job = f"/v1/jobs/{world.foreign.ids['job_id']}"
    parts = ("", "/attempts", "/cards", "/chunks", "/events", "/report", "/exports/csv")
    assert {"/v1/jobs", "/v1/webhooks", *(f"{job}{part}" for part in parts)} <= found


def test_without_a_good_credential_no_route_answers(system: Stack, world: World) -> None:
    for url in (system.ingest_url, system.status_url):
        for key in (None, f"{API_KEY}x", world.owner.key.key[:-1] + "-", "fk_", "a.b.c"):
            with asking(url, key) as nobody:
                found = statuses(document(url), nobody, world.foreign)
            assert found == dict.fromkeys(found, 401)


def test_a_key_that_may_only_read_changes_nothing_of_its_own_tenant(system: Stack, world: World) -> None:
    reading = world.owner.key_for(system, scopes=("read",))
    for url in (system.ingest_url, system.status_url):
        with asking(url, reading) as reader:
            found = statuses(document(url), reader, world.foreign)
        changing = {name: status for name, status in found.items() if not name.startswith(("GET ", "HEAD "))}
        assert changing == dict.fromkeys(changing, 403)


def test_an_admin_of_another_tenant_rules_no_tenant(system: Stack, world: World) -> None:
    with asking(system.ingest_url, world.rival.key.key) as rival:
        assert rival.get("/v1/tenants").status_code == 403
        assert rival.patch(f"/v1/tenants/{world.rival.name}", json={"uploads_per_hour": 99}).status_code == 403
