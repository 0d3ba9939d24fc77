"""What no admission followed is removed, and nothing else is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import ingest.outbox
from feuilleton.contracts import ids
from feuilleton.contracts.errors import LostInvariantError
from feuilleton.contracts.events import Message
from feuilleton.contracts.ids import TenantId
from feuilleton.database.pool import Database
from feuilleton.storage.objects import open_store
from feuilleton.streaming.memory import MemoryPublisher
from ingest import sweep as sweeping
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.errors import KeyInUseError
from ingest.outbox import Outbox
from ingest.ports import Admission, IdempotencyKey, Queue
from tests.builders import a_job
from tests.integration.ingest.conftest import make_tables

pytestmark = pytest.mark.servers
TENANT = TenantId("default")


@pytest.fixture
async def rows(database: Database, fresh_database_url: str) -> PostgresAdmissionStore:
    await make_tables(fresh_database_url)  # once more
    return PostgresAdmissionStore(database)


def an_admission(number: int) -> Admission:
    accepted = a_job(f"job-{number}")
    return Admission(accepted, (Message("uploads", b"k", b"\x00\xff", (("job", b"1"),)),), "print", None)


async def test_the_sweep_removes_what_was_staged_and_never_admitted(
    rows: PostgresAdmissionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "STAGE_AGE_SECONDS", 0.0)
    store = open_store("memory:///")
    for number in (1, 2):
        admission = an_admission(number)
        await rows.stage(TENANT, admission.accepted.job)
        await store.put(ids.upload_key(TENANT, admission.accepted.job), b"%PDF-")
    await store.put("incoming/fresh", b"x")
    await rows.admit(an_admission(1))
    assert await sweeping.sweep(store, rows, datetime.now(UTC), deleted_seconds=3600.0) == 1
    assert [info.key async for info in store.list("tenants/")] == [ids.upload_key(TENANT, ids.JobId("job-1"))]
    assert await store.exists("incoming/fresh")
    assert await sweeping.sweep(store, rows, datetime.now(UTC) + timedelta(days=2), deleted_seconds=3600.0) == 1
    assert not await store.exists("incoming/fresh")


async def test_housekeeping_that_began_before_the_schema_was_there_goes_on(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.outbox, "RELAY_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(sweeping, "SWEEP_EVERY_SECONDS", 0.05)
    database = Database(fresh_database_url, service="tests", size=3)
    await database.start()
    rows, publisher = PostgresAdmissionStore(database), MemoryPublisher()
    housekeeping = sweeping.Housekeeping(open_store("memory:///"), rows, Outbox(rows, publisher), 0.05, 3600.0)
    await housekeeping.start()
    await asyncio.sleep(0.5)
    await make_tables(fresh_database_url)
    relayed, swept = an_admission(1), an_admission(2)
    await rows.stage(TENANT, relayed.accepted.job)
    await rows.admit(relayed)
    await rows.stage(TENANT, swept.accepted.job)
    monkeypatch.setattr(sweeping, "STAGE_AGE_SECONDS", 0.0)  # not before the admission: it would be refused
    for _ in range(400):
        if publisher.messages and not await rows.stale_stages(0.0):
            break
        await asyncio.sleep(0.05)
    assert publisher.messages == list(relayed.messages)
    assert await rows.stale_stages(0.0) == []
    await housekeeping.stop()
    await database.stop()


async def test_an_admission_cannot_follow_its_refusal(rows: PostgresAdmissionStore) -> None:
    admission = an_admission(1)
    await rows.stage(TENANT, admission.accepted.job)
    assert not await rows.resolve(admission.accepted.job)
    with pytest.raises(LostInvariantError):
        await rows.admit(admission)
    assert await rows.pending(admission.accepted.job, 1) is None


async def test_a_commit_of_unknown_outcome_is_told_afterwards(rows: PostgresAdmissionStore) -> None:
    admission = an_admission(1)
    await rows.stage(TENANT, admission.accepted.job)
    await rows.admit(admission)
    assert await rows.resolve(admission.accepted.job)


async def test_the_outbox_gives_back_what_was_put_in_and_each_row_to_one_relay(rows: PostgresAdmissionStore) -> None:
    for number in range(5):
        await rows.stage(TENANT, an_admission(number).accepted.job)
        await rows.admit(an_admission(number))
    first, second = await rows.take_outbox(0, 3), await rows.take_outbox(0, 10)
    assert [row.job for row in (*first, *second)] == [f"job-{number}" for number in range(5)]
    assert first[0].messages == an_admission(0).messages
    assert await rows.take_outbox(0, 10) == []
    await rows.mark_published(first[0].job, 1)
    await rows.mark_published(first[0].job, 1)
    assert await rows.count_outbox() == 4


async def test_a_key_is_held_by_one_request_and_bound_to_one_job(rows: PostgresAdmissionStore) -> None:
    key = IdempotencyKey(TENANT, "uploads", "k")
    lease = await rows.lease_key(key)
    with pytest.raises(KeyInUseError):
        await rows.lease_key(key)
    await rows.lease_key(IdempotencyKey(TenantId("other"), "uploads", "k"))
    await rows.release_lease(lease)
    lease = await rows.lease_key(key)
    await rows.stage(TENANT, a_job("job-1").job)
    await rows.admit(Admission(a_job("job-1"), (), "print", lease))
    await rows.release_lease(lease)
    bound = await rows.lease_key(key)
    assert bound.binding is not None
    assert (bound.binding.fingerprint, bound.binding.accepted) == ("print", a_job("job-1"))


async def test_a_lost_lease_admits_nothing(rows: PostgresAdmissionStore) -> None:
    lease = await rows.lease_key(IdempotencyKey(TENANT, "uploads", "k"))
    await rows.release_lease(lease)
    await rows.stage(TENANT, a_job("job-1").job)
    with pytest.raises(KeyInUseError):
        await rows.admit(Admission(a_job("job-1"), (), "print", lease))
    assert await rows.pending(a_job("job-1").job, 1) is None


async def test_what_a_frozen_process_wrote_after_a_deletion_is_removed_once_more(rows: PostgresAdmissionStore) -> None:
    store = open_store("memory:///")
    for number in (1, 2):
        await rows.stage(TENANT, an_admission(number).accepted.job)
        await rows.admit(an_admission(number))
        await store.put(ids.checkpoint_key(TENANT, an_admission(number).accepted.job, 7), b"{}")
    deleted = an_admission(1).accepted.job
    await rows._execute("UPDATE ingest.jobs SET deleted_at = now() - interval '2 hours' WHERE job = $1", deleted)
    now = datetime.now(UTC)
    assert await sweeping.sweep(store, rows, now, deleted_seconds=3 * 3600.0) == 0, "not yet"
    assert await sweeping.sweep(store, rows, now, deleted_seconds=3600.0) == 1
    kept = an_admission(2).accepted.job
    assert [info.key async for info in store.list("tenants/")] == [ids.checkpoint_key(TENANT, kept, 7)]
    assert await rows.deleted_jobs(0.0) == [], "once is enough"


async def test_the_queue_counts_what_runs_and_what_ended_in_the_last_hour(rows: PostgresAdmissionStore) -> None:
    for number in range(4):
        await rows.stage(TENANT, an_admission(number).accepted.job)
        await rows.admit(an_admission(number))
    for number, minutes in ((0, 10), (1, 70)):
        statement = "UPDATE ingest.attempts SET ended_at = now() - make_interval(mins => $2) WHERE job = $1"
        await rows._execute(statement, an_admission(number).accepted.job, minutes)
    assert await rows.queue() == Queue(waiting=2, ended_last_hour=1)


async def test_an_attempt_that_its_jobs_deletion_overtook_waits_in_no_queue(rows: PostgresAdmissionStore) -> None:
    """A user deletes and retries at the same moment: the attempt is admitted, and nobody will say its end."""
    for number in range(2):
        await rows.stage(TENANT, an_admission(number).accepted.job)
        await rows.admit(an_admission(number))
    await rows._execute("UPDATE ingest.jobs SET deleted_at = now() WHERE job = $1", an_admission(1).accepted.job)
    assert await rows.queue() == Queue(waiting=1, ended_last_hour=0)
