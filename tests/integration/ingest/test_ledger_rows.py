"""The ledger on a real database: exact under whatever comes at once, twice or cut off."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import asyncpg
import pytest

from feuilleton.contracts.events import EventData, JobAccepted, JobEnded, Outcome
from feuilleton.contracts.ids import JobId, TenantId, new_job_id
from feuilleton.database.pool import Database
from ingest.accounts import Adjustment, Allowance
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.adapters.postgres_accounts import PostgresAccounts
from ingest.adapters.postgres_ledger import settle_missed
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.credits import credits_of
from ingest.errors import (
    AttemptRunningError,
    BytesQuotaError,
    InsufficientCreditsError,
    JobGoneError,
    JobsQuotaError,
    KeyReusedError,
    NothingToRetryError,
)
from ingest.ledger import EntryKind
from ingest.ports import Admission, AttemptRequest
from ingest.quota import Quota, Usage
from tests.builders import a_job
from tests.integration.ingest.told_stories import batch
from tests.unit.status_api.story import Story

pytestmark = pytest.mark.servers
TENANT = TenantId("school")
RATE = 2.0
GENEROUS = Allowance(1_000, Quota(10**9, 10**6))


class Desk:
    """A tenant's dealings with one database."""

    def __init__(self, database: Database, allowance: Allowance = GENEROUS) -> None:
        self.database = database
        self.rows = PostgresAdmissionStore(database, allowance=allowance)
        self.accounts = PostgresAccounts(database, allowance)
        self.watch = PostgresJobWatch(database)
        self.offset = 0
        self.telling = asyncio.Lock()

    async def admit(self, reserve: int, *, book_bytes: int = 1_000, rate: float = RATE) -> JobAccepted:
        accepted = a_job(new_job_id(), tenant=TENANT, reserve=reserve, bytes=book_bytes)
        await self.rows.stage(TENANT, accepted.job)
        await self.rows.admit(Admission(accepted, (), "print", None, rate))
        await self.rows.mark_published(accepted.job, 1)
        return accepted

    async def retry(self, job: JobId) -> int:
        begun = await self.rows.begin_attempt(AttemptRequest(TENANT, job, new_job_id(), None), lambda *_, **__: ())
        await self.rows.mark_published(job, begun.attempt)
        return begun.reserve

    async def tell(self, *events: EventData) -> None:
        """A log has one order, whatever comes at once beside it; a batch of it may be given twice."""
        async with self.telling:
            told = batch(self.offset, *events)
            self.offset = await self.watch.apply(told)
            assert await self.watch.apply(told) == self.offset

    async def tell_cut(self, *events: EventData) -> None:
        """Raises CutError, always."""
        async with self.telling:
            await PostgresJobWatch(Cut(self.database)).apply(batch(self.offset, *events))

    async def told(self) -> list[tuple[str, int]]:
        """All rows, the first one first."""
        booked = await self.accounts.entries(TENANT, before=None, limit=10_000)
        return [(row.entry.kind.value, row.entry.amount) for row in reversed(booked)]

    @property
    async def available(self) -> int:
        return (await self.accounts.standing(TENANT)).available


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(database)


def ended(job: JobId, billed: int, attempt: int = 1, outcome: Outcome = Outcome.PARTIAL) -> JobEnded:
    return JobEnded(job=job, tenant=TENANT, attempt=attempt, outcome=outcome, billed_tokens=billed)


async def test_a_job_reserves_is_charged_at_its_first_end_and_gets_the_rest_back(desk: Desk) -> None:
    job = (await desk.admit(100)).job
    standing = await desk.accounts.standing(TENANT)
    assert (standing.available, standing.reserved) == (900, 100)
    await desk.tell(ended(job, 20_400), ended(job, 90_000, outcome=Outcome.FAILED))
    assert await desk.told() == [
        ("monthly_grant", 1_000),
        ("job_reserve", -100),
        ("job_refund", 100),
        ("job_final", -41),
    ]
    assert await desk.retry(job) == 59
    await desk.tell(ended(job, 23_000, attempt=2))
    assert (await desk.told())[4:] == [("job_reserve", -59), ("job_refund", 59), ("job_final", -5)]
    standing = await desk.accounts.standing(TENANT)
    assert (standing.available, standing.reserved) == (954, 0)


async def test_a_deletion_that_overtook_the_end_gives_all_back_and_a_late_end_takes_nothing(desk: Desk) -> None:
    job = (await desk.admit(100)).job
    await desk.tell(Story(job, TENANT).deleted())
    await desk.tell(ended(job, 20_000))
    assert (await desk.told())[1:] == [("job_reserve", -100), ("job_refund", 100)]


async def test_an_end_and_its_deletion_in_one_batch_are_charged_as_the_end_says(desk: Desk) -> None:
    job = (await desk.admit(100)).job
    await desk.tell(ended(job, 20_000, outcome=Outcome.CANCELLED), Story(job, TENANT).deleted())
    assert (await desk.told())[1:] == [("job_reserve", -100), ("job_refund", 100), ("job_final", -40)]


async def test_what_was_admitted_before_there_were_reserves_costs_nothing(desk: Desk) -> None:
    job = (await desk.admit(0, rate=0.0)).job
    await desk.tell(ended(job, 20_000))
    assert await desk.retry(job) == 0
    assert await desk.told() == []


async def test_what_an_older_version_folded_is_settled_by_the_sweep_and_before_a_new_attempt(desk: Desk) -> None:
    swept, retried = (await desk.admit(100)).job, (await desk.admit(100)).job
    end = ended(swept, 5_000).model_dump_json()
    async with desk.database.connection() as connection:
        await connection.execute("UPDATE ingest.attempts SET ended = $1, ended_at = now()", end)
    assert await desk.retry(retried) == 90
    assert await settle_missed(desk.database) == 1
    assert await settle_missed(desk.database) == 0
    kinds = [kind for kind, _ in await desk.told()]
    assert (kinds.count("job_refund"), kinds.count("job_final")) == (2, 2)


async def test_too_few_credits_refuse_a_job_and_tell_what_is_missing(desk: Desk) -> None:
    await desk.admit(900)
    with pytest.raises(InsufficientCreditsError) as told:
        await desk.admit(101)
    assert told.value.figures == {"needed": 101, "available": 100}
    assert len(await desk.told()) == 2, "nothing was written"
    await desk.admit(100)
    assert await desk.available == 0


async def test_jobs_that_come_at_once_spend_no_credit_twice(database: Database) -> None:
    desk = Desk(database, replace(GENEROUS, monthly_credits=100))
    answers = await asyncio.gather(*(desk.admit(9) for _ in range(20)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, InsufficientCreditsError)]
    assert len(refused) == 9
    assert await desk.available == 1
    assert [kind for kind, _ in await desk.told()].count("monthly_grant") == 1


async def test_uploads_that_come_at_once_never_exceed_the_quota_by_a_byte(database: Database) -> None:
    desk = Desk(database, replace(GENEROUS, quota=Quota(10_000, 10**6)))
    answers = await asyncio.gather(*(desk.admit(0, book_bytes=1_000) for _ in range(20)), return_exceptions=True)
    taken = [answer for answer in answers if isinstance(answer, JobAccepted)]
    refused = [answer for answer in answers if isinstance(answer, BytesQuotaError)]
    assert (len(taken), len(refused)) == (10, 10)
    assert await desk.accounts.usage(TENANT) == Usage(10_000, 10)
    with pytest.raises(BytesQuotaError) as told:
        await desk.admit(0, book_bytes=1)
    assert told.value.figures == {"needed": 1, "used": 10_000, "limit": 10_000}
    await desk.tell(Story(taken[0].job, TENANT).deleted())
    await desk.admit(0, book_bytes=1_000)


async def test_jobs_in_flight_are_bounded_and_an_end_makes_room(database: Database) -> None:
    desk = Desk(database, replace(GENEROUS, quota=Quota(10**9, 5)))
    answers = await asyncio.gather(*(desk.admit(1) for _ in range(20)), return_exceptions=True)
    taken = [answer for answer in answers if isinstance(answer, JobAccepted)]
    refused = [answer for answer in answers if isinstance(answer, JobsQuotaError)]
    assert (len(taken), len(refused)) == (5, 15)
    await desk.tell(ended(taken[0].job, 0))
    await desk.retry(taken[0].job)
    await desk.tell(ended(taken[1].job, 0))
    await desk.admit(1)
    with pytest.raises(JobsQuotaError):
        await desk.retry(taken[1].job)
    assert (await desk.accounts.usage(TENANT)).jobs == 5


async def test_an_adjustment_is_written_once_and_never_takes_more_than_there_is(desk: Desk) -> None:
    gift = Adjustment(TENANT, 500, "invoice 17", "key")
    answers = await asyncio.gather(*(desk.accounts.adjust(gift) for _ in range(5)))
    assert {(row.number, row.balance, row.note) for row in answers} == {(2, 1_500, "invoice 17")}
    with pytest.raises(KeyReusedError):
        await desk.accounts.adjust(replace(gift, amount=501))
    with pytest.raises(InsufficientCreditsError):
        await desk.accounts.adjust(Adjustment(TENANT, -1_501, "too much", "other"))
    assert (await desk.accounts.adjust(Adjustment(TENANT, -1_500, "all of it", "other"))).balance == 0


async def test_rows_are_never_changed_or_removed_and_no_balance_is_below_zero(desk: Desk) -> None:
    await desk.admit(100)
    for statement in (
        "UPDATE ingest.ledger SET amount = 1",
        "DELETE FROM ingest.ledger",
        "TRUNCATE ingest.ledger",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await _execute(desk.database, statement)
    row = "INSERT INTO ingest.ledger (tenant, kind, amount, note) VALUES ('school', 'admin_adjustment', -901, 'x')"
    with pytest.raises(asyncpg.CheckViolationError):
        await _execute(desk.database, row)
    assert await desk.available == 900


@dataclass
class Known:
    """What the test itself keeps of a job."""

    accepted: JobAccepted
    attempt: int = 1
    billed: int = 0
    ends: dict[int, int] = field(default_factory=dict)
    gone: bool = False


class CutError(Exception):
    """The connection broke before the commit."""


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_the_order_balance_is_grants_minus_what_was_used(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    known: list[Known] = []
    for _ in range(60):
        await asyncio.gather(*(_act(desk, known, chance) for _ in range(chance.randint(1, 3))))
        booked = await desk.accounts.entries(TENANT, before=None, limit=10_000)
        assert all(row.balance >= 0 for row in booked)
    for job in known:
        if not job.gone and job.attempt not in job.ends:
            await desk.tell(ended(job.accepted.job, job.billed, job.attempt))
    booked = await desk.accounts.entries(TENANT, before=None, limit=10_000)
    once = [(row.entry.job, row.entry.attempt, row.entry.kind) for row in booked if row.entry.job]
    assert len(set(once)) == len(once)
    assert [row.number for row in booked] == list(range(len(booked), 0, -1))
    granted = sum(row.entry.amount for row in booked if row.entry.job is None)
    used = -sum(row.entry.amount for row in booked if row.entry.kind is EntryKind.JOB_FINAL)
    standing = await desk.accounts.standing(TENANT)
    assert standing.available == sum(row.entry.amount for row in booked) == granted - used
    assert standing.reserved == 0
    for job in known:
        paid = -sum(row.entry.amount for row in booked if row.entry.job == job.accepted.job)
        assert 0 <= paid <= min(job.accepted.reserve, credits_of(job.billed, RATE))
        if job.ends and not job.gone:
            assert paid == min(job.accepted.reserve, credits_of(max(job.ends.values()), RATE))


async def _act(desk: Desk, known: list[Known], chance: random.Random) -> None:
    """One thing that may happen; some are cut off in the middle of their transaction."""
    what = chance.choice(["upload", "upload", "end", "end", "twice", "delete", "retry", "retry", "give", "cut"])
    try:
        if what == "upload" or not known:
            known.append(Known(await desk.admit(chance.randint(0, 120))))
        elif what == "give":
            gift = Adjustment(TENANT, chance.choice([-50, 70]), "by chance", new_job_id())
            await desk.accounts.adjust(gift)
        else:
            await _act_on(desk, chance.choice(known), what, chance)
    except (InsufficientCreditsError, AttemptRunningError, NothingToRetryError, JobGoneError, CutError):
        return


async def _act_on(desk: Desk, job: Known, what: str, chance: random.Random) -> None:
    name = job.accepted.job
    if what == "retry":
        await desk.retry(name)
        job.attempt += 1
    elif what == "delete":
        job.gone = True
        await desk.tell(Story(name, TENANT).deleted())
    elif what == "cut":
        await desk.tell_cut(ended(name, 10**6, job.attempt))
    else:
        if job.attempt not in job.ends and not job.gone:
            job.billed += chance.randint(0, 40_000)
            job.ends[job.attempt] = job.billed
        end = ended(name, job.ends.get(job.attempt, 0), job.attempt)
        await desk.tell(*[end] * (2 if what == "twice" else 1))


class Cut(Database):
    """The true database, whose transactions never commit: a kill just before the commit looks so."""

    def __init__(self, database: Database) -> None:
        self._whole = database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._whole.transaction() as connection:
            yield connection
            raise CutError


async def _execute(database: Database, statement: str) -> None:
    async with database.connection() as connection:
        await connection.execute(statement)
