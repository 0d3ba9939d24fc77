"""The same file with the same settings is answered with the job that was completed: on real rows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from feuilleton.contracts.events import AttemptAccepted, DeleteJob, JobAccepted, JobDeleted, JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.database.pool import Database
from feuilleton.http.auth import DEFAULT_TENANT
from ingest.accounts import UNBOUNDED
from ingest.adapters.postgres_accounts import PostgresAccounts
from ingest.ports import Wanted
from tests.builders import a_pdf
from tests.integration.ingest.desk_over_http import OTHER, Shop, open_shop

pytestmark = [pytest.mark.servers, pytest.mark.heavy]


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    async with open_shop(database) as made:
        yield made


def ended(job: str, outcome: Outcome = Outcome.COMPLETED, attempt: int = 1) -> JobEnded:
    return JobEnded(job=JobId(job), tenant=DEFAULT_TENANT, attempt=attempt, outcome=outcome)


async def completed(shop: Shop, body: bytes | None = None, **fields: str) -> str:
    job = (await shop.upload(body or a_pdf(), **fields)).json()["id"]
    await shop.tell(ended(job))
    return str(job)


def new(answer: httpx.Response, *others: str) -> str:
    assert answer.status_code == 202, answer.text
    assert answer.json()["reused"] is False
    assert answer.json()["id"] not in others
    return str(answer.json()["id"])


async def test_the_same_file_with_the_same_settings_is_answered_with_its_completed_job_and_costs_nothing(
    shop: Shop,
) -> None:
    job = await completed(shop, sentence_length_limit="9")
    before = await PostgresAccounts(shop.database, UNBOUNDED).entries(DEFAULT_TENANT, before=None, limit=10)
    answer = await shop.upload(sentence_length_limit="9")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["id"], shown["reused"], shown["status"], shown["progress_percent"]) == (job, True, "completed", 100)
    assert (answer.headers["Location"], shown["reserve"]) == (f"/v1/jobs/{job}", 0)
    copied = await shop.copy(job)
    assert (copied.status_code, copied.json()["id"]) == (200, job)
    assert len(await shop.keys()) == 1
    after = await PostgresAccounts(shop.database, UNBOUNDED).entries(DEFAULT_TENANT, before=None, limit=10)
    assert after == before
    assert len(shop.announced(job)[0]) == 1


async def test_what_was_chosen_counts_and_not_the_name_that_it_was_asked_for_by(shop: Shop) -> None:
    job = await completed(shop)
    for fields in ({"engine": "local"}, {"model": "quality"}, {"sentence_length_limit": "8"}):
        assert (await shop.upload(**fields)).json()["id"] == job
    for fields in ({"engine": "openai"}, {"sentence_length_limit": "9"}, {"pages": "1"}, {"confidence": "strict"}):
        new(await shop.upload(**fields), job)
    new(await shop.upload(a_pdf(2)), job)


async def test_force_makes_a_new_job_and_the_newest_answers_from_then_on(shop: Shop) -> None:
    first = await completed(shop)
    second = new(await shop.upload(force="true"), first)
    third = new(await shop.copy(first, force=True), first, second)
    assert (await shop.upload()).json()["id"] == first
    await shop.tell(ended(third))
    assert (await shop.upload()).json()["id"] == third
    wrong = await shop.upload(force="maybe")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_settings")


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.FAILED, Outcome.CANCELLED])
async def test_a_job_that_is_not_completed_is_not_reused_until_an_attempt_completes_it(
    shop: Shop, outcome: Outcome
) -> None:
    job = new(await shop.upload())
    running = new(await shop.upload(), job)
    await shop.tell(ended(running, outcome), ended(job, outcome))
    new(await shop.upload(), job, running)
    begun = AttemptAccepted(job=JobId(job), tenant=DEFAULT_TENANT, attempt=2, settings=JobSettings())
    await shop.tell(begun, ended(job, attempt=2))
    answer = await shop.upload()
    assert (answer.json()["id"], answer.json()["attempt"]) == (job, 2)


async def test_a_deleted_job_is_not_reused_and_its_keys_say_that_it_is_gone(shop: Shop) -> None:
    job = await completed(shop)
    assert (await shop.upload(key="k")).json()["id"] == job
    shop.commands.add(DeleteJob(job=JobId(job), tenant=DEFAULT_TENANT), 0)
    other = new(await shop.upload(), job)
    await shop.tell(ended(other), JobDeleted(job=JobId(other), tenant=DEFAULT_TENANT, bytes_freed=1))
    new(await shop.upload(), job, other)
    gone = await shop.upload(key="k")
    assert (gone.status_code, gone.json()["code"]) == (410, "job_deleted")


async def test_a_key_that_was_answered_with_a_completed_job_stays_with_it(shop: Shop) -> None:
    job = await completed(shop)
    answers = await asyncio.gather(*(shop.upload(key="k") for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    newer = new(await shop.upload(force="true"), job)
    await shop.tell(ended(newer))
    again = await shop.upload(key="k")
    assert (again.status_code, again.json()["id"], again.json()["reused"]) == (200, job, True)
    for changed in (shop.upload(key="k", force="true"), shop.upload(key="k", sentence_length_limit="9")):
        assert (await changed).json()["code"] == "idempotency_key_reused"


async def test_a_key_that_made_a_job_does_not_turn_to_another_when_that_completes(shop: Shop) -> None:
    job = await completed(shop)
    made = new(await shop.upload(key="k", force="true"), job)
    again = await shop.upload(key="k", force="true")
    assert (again.status_code, again.json()["id"]) == (202, made)


async def test_nothing_is_shared_between_tenants(shop: Shop) -> None:
    job = await completed(shop)
    (accepted,), _ = shop.announced(job)
    own = Wanted(accepted.tenant, accepted.sha256, accepted.settings, accepted.engine, accepted.model)
    found = [
        await shop.desk.rows.reuse(one, "", None, gone=lambda _: False) for one in (own, replace(own, tenant=OTHER))
    ]
    assert [done.accepted.job if done else None for done in found] == [job, None]


async def test_a_deployment_may_do_without(database: Database) -> None:
    async with open_shop(database, reuse=False) as shop:
        job = await completed(shop)
        new(await shop.upload(), job)


async def test_an_upload_that_waits_is_answered_with_its_end(shop: Shop) -> None:
    shop.http.headers["Prefer"] = "wait=15"
    asking = asyncio.create_task(shop.upload(a_pdf(4)))
    while not shop.publisher.messages:  # noqa: ASYNC110 (it tells nobody)
        await asyncio.sleep(0.05)
    (job,) = {event.job for event in shop.publisher.of(JobAccepted)}
    await shop.tell(ended(job, Outcome.PARTIAL))
    answer = await asking
    assert (answer.status_code, answer.json()["status"]) == (200, "partial")
    assert answer.headers["Preference-Applied"] == "wait=15"
