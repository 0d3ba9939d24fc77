"""The routes of webhooks over the store in memory, with the keys of two tenants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from feuilleton.contracts.events import EventData
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.http.auth import Principal
from feuilleton.http.problems import install_problems
from feuilleton.streaming.folding import Batch, Record
from feuilleton.streaming.read_barrier import ProjectionBehindError
from status_api.access import JobNotFoundError
from status_api.adapters.memory_webhooks import MemoryWebhooks
from status_api.projection import Job, fold_batch
from status_api.routes import webhooks
from status_api.webhooks.answers import WebhookMessage
from status_api.webhooks.deliverer import DISABLED
from status_api.webhooks.ports import TESTS_A_MINUTE, DeliveryState, Room, Verdict
from status_api.webhooks.urls import WebhookRules
from tests.unit.status_api.story import a_story

URL = "https://hooks.example.org/feuilleton"
NOBODY = "0b8b4f0e-3f0c-4d5e-9a52-1f6f0c1c2d3e"


async def by_name(request: Request) -> Principal:
    return Principal(TenantId(request.headers["authorization"].removeprefix("Bearer ")))


@dataclass(frozen=True)
class PartsOfWebhooks:
    """Those of `Parts` that these routes ask for."""

    webhooks: MemoryWebhooks
    webhook_rules: WebhookRules
    auth: Callable[[Request], Awaitable[Principal]]
    access: "KnownJobs"


@dataclass
class KnownJobs:
    """Jobs as the projection has them; while it is `behind`, what came last cannot be known."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    behind: bool = False

    def fold(self, *events: EventData) -> None:
        records = [Record(n, datetime.now(UTC), event) for n, event in enumerate(events)]
        self.jobs |= fold_batch(self.jobs, records).jobs

    async def load(self, tenant: TenantId, job_id: str) -> Job:
        found = self.jobs.get(JobId(job_id))
        if found is None or found.upload is None or found.upload.tenant != tenant:
            raise JobNotFoundError("there is no such job")
        return found

    async def load_now(self, tenant: TenantId, job_id: JobId) -> Job:
        if self.behind:
            raise ProjectionBehindError("not folded in time")
        return await self.load(tenant, job_id)


@pytest.fixture
def store() -> MemoryWebhooks:
    return MemoryWebhooks(lambda: datetime.now(UTC))


@pytest.fixture
def jobs() -> KnownJobs:
    return KnownJobs()


@pytest.fixture
def app(store: MemoryWebhooks, jobs: KnownJobs) -> FastAPI:
    made = FastAPI()
    made.state.parts = PartsOfWebhooks(store, WebhookRules(limit=3), by_name, jobs)
    install_problems(made)
    made.include_router(webhooks.router)
    made.webhooks.include_router(webhooks.messages)
    return made


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers={"Authorization": "Bearer acme"}
    ) as client:
        yield client


async def add(api: httpx.AsyncClient, **wish: object) -> dict[str, Any]:
    answered = await api.post("/v1/webhooks", json={"url": URL, **wish})
    assert answered.status_code == 201, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def tell(store: MemoryWebhooks, jobs: int = 1) -> None:
    records = [Record(n, datetime.now(UTC), a_story(tenant="acme").ended()) for n in range(jobs)]
    await store.apply(Batch("job-events", 0, 0, jobs, tuple(records)))


async def settle(store: MemoryWebhooks, verdict: Verdict) -> None:
    now = datetime.now(UTC)
    for parcel in await store.lease(Room(100, 100, 100), now=now, seconds=60):
        await store.settle(parcel, verdict, now=now)


async def test_a_webhook_is_made_and_its_secret_shown_once(api: httpx.AsyncClient) -> None:
    answered = await api.post("/v1/webhooks", json={"url": URL})
    made = answered.json()
    assert answered.headers["location"] == f"/v1/webhooks/{made['id']}"
    assert answered.headers["cache-control"] == "no-store"
    assert made["secret"].startswith("whsec_")
    assert (made["events"], made["enabled"], made["disabled_for"]) == (["job.ended"], True, None)
    shown = {key: value for key, value in made.items() if key != "secret"}
    assert (await api.get(f"/v1/webhooks/{made['id']}")).json() == shown
    assert (await api.get("/v1/webhooks")).json() == {"items": [shown]}


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"url": "http://hooks.example.org/"}, "invalid_webhook_url"),
        ({"url": "https://127.0.0.1/"}, "invalid_webhook_url"),
        ({"url": URL, "events": []}, "invalid_request"),
        ({"url": URL, "events": ["job.exploded"]}, "invalid_request"),
        ({"url": URL, "secret": "whsec_mine"}, "invalid_request"),
        ({"url": URL + "x" * 3000}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
async def test_a_wrong_wish_is_refused_with_its_code(
    api: httpx.AsyncClient, wish: dict[str, object], code: str
) -> None:
    answered = await api.post("/v1/webhooks", json=wish)
    assert (answered.status_code, answered.json()["code"]) == (422, code)


async def test_a_tenant_has_no_more_than_the_limit(api: httpx.AsyncClient) -> None:
    for _ in range(3):
        await add(api)
    answered = await api.post("/v1/webhooks", json={"url": URL})
    assert (answered.status_code, answered.json()["code"]) == (409, "webhook_limit_reached")
    assert (await api.post("/v1/webhooks", json={"url": URL}, headers={"Authorization": "Bearer b"})).status_code == 201


async def test_another_tenants_webhook_looks_like_none(api: httpx.AsyncClient, store: MemoryWebhooks) -> None:
    made = await add(api)
    await tell(store)
    (delivery,) = (await api.get(f"/v1/webhooks/{made['id']}/deliveries")).json()["items"]
    foreign = {"Authorization": "Bearer other"}
    for webhook in (made["id"], NOBODY, "x", "%00", "../jobs"):
        base = f"/v1/webhooks/{webhook}"
        answers = [
            await api.get(base, headers=foreign),
            await api.patch(base, json={"enabled": False}, headers=foreign),
            await api.delete(base, headers=foreign),
            await api.post(f"{base}/secret", headers=foreign),
            await api.post(f"{base}/test", headers=foreign),
            await api.get(f"{base}/deliveries", headers=foreign),
            await api.post(f"{base}/deliveries/{delivery['id']}/redeliver", headers=foreign),
        ]
        assert {answered.status_code for answered in answers} == {404}
        if webhook in {made["id"], NOBODY}:
            assert {answered.text for answered in answers} == {answers[0].text}
            assert answers[0].json()["code"] == "webhook_not_found"
    assert (await api.get("/v1/webhooks", headers=foreign)).json() == {"items": []}
    assert (await api.get(f"/v1/webhooks/{made['id']}")).json()["enabled"]


async def test_a_change_changes_what_it_names(api: httpx.AsyncClient) -> None:
    made = await add(api)
    base = f"/v1/webhooks/{made['id']}"
    changed = await api.patch(base, json={"events": ["job.ended", "job.deleted", "job.ended"], "enabled": False})
    assert changed.json()["events"] == ["job.ended", "job.deleted"]
    assert changed.json()["disabled_for"] == "by_user"
    assert changed.json()["url"] == URL
    assert (await api.patch(base, json={"url": "https://[::1]/"})).json()["code"] == "invalid_webhook_url"
    assert (await api.patch(base, json={"enabled": "yes"})).json()["code"] == "invalid_request"
    assert (await api.patch(base, json={"enabled": True})).json()["enabled"]
    assert (await api.delete(base)).status_code == 204
    assert (await api.delete(base)).status_code == 404


async def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(
    api: httpx.AsyncClient, store: MemoryWebhooks
) -> None:
    made = await add(api)
    rotated = (await api.post(f"/v1/webhooks/{made['id']}/secret")).json()
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] is not None
    (kept,) = await store.list_all(TenantId("acme"))
    assert kept.secrets(datetime.now(UTC)) == (rotated["secret"], made["secret"])
    assert "secret" not in (await api.get(f"/v1/webhooks/{made['id']}")).json()


async def test_the_log_tells_what_was_sent_page_by_page(api: httpx.AsyncClient, store: MemoryWebhooks) -> None:
    made = await add(api)
    await tell(store, jobs=5)
    url = f"/v1/webhooks/{made['id']}/deliveries"
    first = (await api.get(url, params={"limit": 3})).json()
    rest = (await api.get(url, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)
    assert len({entry["id"] for entry in first["items"] + rest["items"]}) == 5
    assert first["items"][0]["message"]["type"] == "job.ended"
    assert first["items"][0]["message"]["data"]["job"] == first["items"][0]["job"]
    assert (await api.get(url, params={"cursor": "nonsense"})).json()["code"] == "invalid_cursor"


async def test_a_delivery_is_sent_again_when_asked_for(api: httpx.AsyncClient, store: MemoryWebhooks) -> None:
    made = await add(api)
    await tell(store)
    await settle(store, Verdict(DeliveryState.FAILED, 500, "bad_status"))
    url = f"/v1/webhooks/{made['id']}/deliveries"
    (failed,) = (await api.get(url)).json()["items"]
    assert (failed["state"], failed["status"], failed["error"]) == ("failed", 500, "bad_status")
    again = await api.post(f"{url}/{failed['id']}/redeliver")
    assert (again.status_code, again.json()["state"], again.json()["tries"]) == (202, "pending", 0)
    assert again.json()["event_id"] == failed["event_id"]
    for delivery in (NOBODY, "x", "%00"):
        answered = await api.post(f"{url}/{delivery}/redeliver")
        assert (answered.status_code, answered.json()["code"]) == (404, "delivery_not_found")


async def test_a_test_is_queued_and_too_many_are_refused(api: httpx.AsyncClient) -> None:
    made = await add(api)
    url = f"/v1/webhooks/{made['id']}/test"
    queued = await api.post(url)
    assert (queued.status_code, queued.json()["type"], queued.json()["job"]) == (202, "webhook.test", None)
    for _ in range(TESTS_A_MINUTE - 1):
        await api.post(url)
    refused = await api.post(url)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_webhook_tests")
    assert refused.headers["retry-after"] == "60"


async def test_nothing_is_sent_to_one_that_is_disabled(api: httpx.AsyncClient, store: MemoryWebhooks) -> None:
    made = await add(api)
    await tell(store)
    base = f"/v1/webhooks/{made['id']}"
    await api.patch(base, json={"enabled": False})
    await settle(store, Verdict(DeliveryState.FAILED, error=DISABLED.error))
    (entry,) = (await api.get(f"{base}/deliveries")).json()["items"]
    for url in (f"{base}/test", f"{base}/deliveries/{entry['id']}/redeliver"):
        answered = await api.post(url)
        assert (answered.status_code, answered.json()["code"]) == (409, "webhook_disabled")


async def test_a_webhook_of_a_job_is_told_the_ends_that_the_job_has_had(
    api: httpx.AsyncClient, jobs: KnownJobs
) -> None:
    story = a_story(tenant="acme")
    jobs.fold(*story.whole(), *story.whole(attempt=2))
    made = await add(api, job=story.job)
    assert made["job"] == story.job
    entries = (await api.get(f"/v1/webhooks/{made['id']}/deliveries")).json()["items"]
    ends = {story.ended(attempt).event_id: attempt for attempt in (1, 2)}
    assert {entry["event_id"]: entry["message"]["data"]["attempt"] for entry in entries} == ends
    assert (await api.get("/v1/webhooks")).json()["items"] == []
    (listed,) = (await api.get("/v1/webhooks", params={"job_id": story.job})).json()["items"]
    assert listed["id"] == made["id"]
    silent = await add(api, job=story.job, events=["job.deleted"])
    assert (await api.get(f"/v1/webhooks/{silent['id']}/deliveries")).json()["items"] == []


async def test_a_webhook_of_a_job_that_still_runs_waits_for_its_end(api: httpx.AsyncClient, jobs: KnownJobs) -> None:
    story = a_story(tenant="acme")
    jobs.fold(*story.whole()[:3])
    made = await add(api, job=story.job)
    assert (await api.get(f"/v1/webhooks/{made['id']}/deliveries")).json()["items"] == []


async def test_another_tenants_job_gets_no_webhook(api: httpx.AsyncClient, jobs: KnownJobs) -> None:
    story = a_story(tenant="other")
    jobs.fold(story.accepted())
    for job in (story.job, NOBODY, "x"):
        answered = await api.post("/v1/webhooks", json={"url": URL, "job": job})
        assert (answered.status_code, answered.json()["code"]) == (404, "job_not_found")
        assert (await api.get("/v1/webhooks", params={"job_id": job})).status_code == 404


async def test_where_it_cannot_be_known_whether_the_job_ended_there_is_no_webhook(
    api: httpx.AsyncClient, jobs: KnownJobs
) -> None:
    story = a_story(tenant="acme")
    jobs.fold(story.accepted())
    jobs.behind = True
    answered = await api.post("/v1/webhooks", json={"url": URL, "job": story.job})
    assert (answered.status_code, answered.json()["code"]) == (503, "projection_behind")
    assert (await api.get("/v1/webhooks", params={"job_id": story.job})).json()["items"] == []


def test_the_document_describes_the_message_with_an_example(app: FastAPI) -> None:
    document = app.openapi()
    body = document["webhooks"]["event"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/WebhookMessage"}
    (example,) = document["components"]["schemas"]["WebhookMessage"]["examples"]
    WebhookMessage.model_validate(example)
