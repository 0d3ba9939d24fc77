"""Jobs whose time is over, on real rows: each is ordered to be removed once in an hour, and none that still runs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from feuilleton.contracts.errors import BrokerUnavailableError
from feuilleton.contracts.events import JobDeleted, JobEnded, Outcome, PurgeJob
from feuilleton.contracts.ids import JobId
from feuilleton.database.pool import Database
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton.streaming.memory import MemoryPublisher
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.adapters.postgres_retention import PostgresRetention
from ingest.admission import upload_of
from ingest.errors import JobGoneError
from ingest.ports import AttemptRequest
from ingest.retention import Retention
from tests.integration.ingest.desk_over_http import Shop, open_shop

pytestmark = [pytest.mark.servers, pytest.mark.heavy]


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    async with open_shop(database) as made:
        yield made


async def a_job(shop: Shop, *, over: bool = True, outcome: Outcome | None = Outcome.PARTIAL) -> str:
    job = str((await shop.upload(force="true")).json()["id"])
    if over:
        await expire(shop, job)
    if outcome is not None:
        await shop.tell(JobEnded(job=JobId(job), tenant=DEFAULT_TENANT, outcome=outcome))
    return job


async def expire(shop: Shop, job: str, column: str = "expires_at", by: timedelta = timedelta(seconds=1)) -> None:
    async with shop.database.connection() as connection:
        statement = f"UPDATE ingest.jobs SET {column} = now() - $2::interval WHERE job = $1"  # noqa: S608
        await connection.execute(statement, job, by)


def sweeper(shop: Shop) -> Retention:
    return Retention(PostgresRetention(shop.database), shop.publisher, 60.0)


def purged(publisher: MemoryPublisher) -> list[str]:
    return [command.job for command in publisher.of(PurgeJob)]


async def test_only_ended_jobs_whose_time_is_over_are_ordered_to_be_removed(shop: Shop) -> None:
    over = await a_job(shop)
    await a_job(shop, over=False)
    running = await a_job(shop, outcome=None)
    deleted = await a_job(shop)
    await shop.tell(JobDeleted(job=JobId(deleted), tenant=DEFAULT_TENANT, bytes_freed=1))
    assert await sweeper(shop).purge_expired() == 1
    assert purged(shop.publisher) == [over]
    await shop.tell(JobEnded(job=JobId(running), tenant=DEFAULT_TENANT, outcome=Outcome.FAILED))
    assert await sweeper(shop).purge_expired() == 1
    assert purged(shop.publisher) == [over, running]


async def test_many_sweepers_order_each_job_once_and_again_after_an_hour_until_it_is_gone(shop: Shop) -> None:
    jobs = {await a_job(shop) for _ in range(6)}
    await asyncio.gather(*(sweeper(shop).purge_expired() for _ in range(5)))
    assert sorted(purged(shop.publisher)) == sorted(jobs)
    late = min(jobs)
    await expire(shop, late, "purged_at", timedelta(hours=2))
    assert await sweeper(shop).purge_expired() == 1
    await expire(shop, late, "purged_at", timedelta(hours=2))
    await shop.tell(JobDeleted(job=JobId(late), tenant=DEFAULT_TENANT, bytes_freed=1))
    assert await sweeper(shop).purge_expired() == 0


async def test_what_could_not_be_published_is_ordered_at_the_next_look(shop: Shop) -> None:
    await a_job(shop)
    shop.publisher.fail_with = BrokerUnavailableError("away")
    with pytest.raises(BrokerUnavailableError):
        await sweeper(shop).purge_expired()
    shop.publisher.fail_with = None
    assert await sweeper(shop).purge_expired() == 1
    assert await sweeper(shop).purge_expired() == 0


async def test_nothing_begins_of_a_job_that_goes(shop: Shop) -> None:
    job = await a_job(shop, outcome=Outcome.COMPLETED)
    key = await shop.upload(key="k", force="true")
    assert key.status_code == 202
    other = key.json()["id"]
    await expire(shop, other)
    await shop.tell(JobEnded(job=JobId(other), tenant=DEFAULT_TENANT, outcome=Outcome.PARTIAL))
    assert await sweeper(shop).purge_expired() == 2
    request = AttemptRequest(DEFAULT_TENANT, JobId(other), "token", None)
    with pytest.raises(JobGoneError):
        await shop.desk.rows.begin_attempt(request, lambda *_, **__: ())
    assert (await shop.copy(job)).json()["code"] == "job_deleted"
    assert (await shop.upload(key="k", force="true")).json()["code"] == "job_deleted"
    assert (await shop.upload()).status_code == 202, "a job that goes is not reused"


async def test_an_attempt_that_begins_meanwhile_keeps_its_job(shop: Shop) -> None:
    """Both lock the job's row: whoever is second sees what the first did."""
    for _ in range(10):
        job = await a_job(shop)
        request = AttemptRequest(DEFAULT_TENANT, JobId(job), f"token-{job}", None)
        before = len(purged(shop.publisher))
        begun, _ = await asyncio.gather(
            shop.desk.rows.begin_attempt(request, lambda *_, **__: ()),
            sweeper(shop).purge_expired(),
            return_exceptions=True,
        )
        taken = len(purged(shop.publisher)) - before
        assert isinstance(begun, JobGoneError) == (taken == 1)
        if taken == 0:
            await shop.tell(JobEnded(job=JobId(job), tenant=DEFAULT_TENANT, attempt=2, outcome=Outcome.FAILED))
            await sweeper(shop).purge_expired()


async def test_the_number_of_days_is_the_tenants_own_or_the_deployments_and_stands_in_the_fact(shop: Shop) -> None:
    first = str((await shop.upload()).json()["id"])
    await PostgresIdentity(shop.database).change_tenant(
        DEFAULT_TENANT, name=None, uploads_per_hour=None, retention_days=30
    )
    second = str((await shop.upload(force="true")).json()["id"])
    told = [shop.announced(job)[0][0].retention_days for job in (first, second)]
    assert told == [350, 30]
    async with shop.database.connection() as connection:
        query = "SELECT job, extract(epoch FROM expires_at - admitted_at) / 86400 AS days FROM ingest.jobs"
        days = {row["job"]: round(row["days"]) for row in await connection.fetch(query)}
    assert days == {first: 350, second: 30}


async def test_the_share_of_a_tenant_goes_with_every_order_of_its_jobs(shop: Shop) -> None:
    first = str((await shop.upload()).json()["id"])
    identity = PostgresIdentity(shop.database)
    await identity.change_tenant(DEFAULT_TENANT, name=None, uploads_per_hour=None, share=3)
    second = str((await shop.upload(force="true")).json()["id"])
    assert [shop.announced(job)[1][0].share for job in (first, second)] == [1, 3]
    (accepted,), _ = shop.announced(second)
    assert upload_of(accepted, 2).share == 3, "a new attempt, and one that the sweep publishes again"
