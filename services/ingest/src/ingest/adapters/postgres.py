"""AdmissionStore on Postgres. Contract: `ingest.ports.AdmissionStore`."""

import base64
import json
from collections.abc import Callable, Sequence
from uuid import uuid4

import asyncpg

from feuilleton.contracts.errors import LostInvariantError
from feuilleton.contracts.events import RETENTION_LIMIT_DAYS, JobAccepted, JobEnded, Message, Outcome
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from ingest.accounts import UNBOUNDED, Allowance
from ingest.adapters.postgres_ledger import lock_account, read_usage, reserve, reserve_rest, settle_missed
from ingest.adapters.postgres_rate import count_upload, drop_old_counts, uncount_upload
from ingest.errors import (
    AttemptRunningError,
    JobGoneError,
    JobNotFoundError,
    KeyInUseError,
    KeyReusedError,
    NothingToRetryError,
)
from ingest.ledger import job_reserve
from ingest.ports import (
    KEY_LIFETIME_HOURS,
    LEASE_SECONDS,
    Admission,
    AttemptRequest,
    BegunAttempt,
    Binding,
    DoneJob,
    IdempotencyKey,
    Lease,
    MakeMessages,
    OutboxRow,
    Queue,
    Terms,
    Wanted,
)
from ingest.rate import CountedUpload

_RETAKE_SECONDS = 30  # a relay that took a row and died leaves it to the next one after this

_TAKE_KEY = """
INSERT INTO ingest.idempotency_keys AS k (tenant, route, key, token, leased_until)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
ON CONFLICT (tenant, route, key) DO UPDATE
SET token = excluded.token, leased_until = excluded.leased_until, created_at = now(), job = NULL, fingerprint = NULL,
    reused = false
WHERE (k.job IS NULL AND k.leased_until < now())
   OR k.created_at < now() - make_interval(hours => $6)
RETURNING token
"""
_BINDING = """
SELECT k.fingerprint, j.accepted, coalesce(j.deleted_at, j.purged_at) IS NOT NULL AS deleted, CASE WHEN k.reused THEN (
    SELECT a.ended FROM ingest.attempts a WHERE a.job = j.job AND a.ended IS NOT NULL ORDER BY a.attempt DESC LIMIT 1
) END AS done
FROM ingest.idempotency_keys k JOIN ingest.jobs j USING (job)
WHERE k.tenant = $1 AND k.route = $2 AND k.key = $3
"""
_BIND = """
UPDATE ingest.idempotency_keys SET job = $5, fingerprint = $6, reused = $7
WHERE tenant = $1 AND route = $2 AND key = $3 AND token = $4 AND job IS NULL
"""
_TAKE_OUTBOX = """
UPDATE ingest.outbox SET taken_at = now() WHERE id IN (
    SELECT id FROM ingest.outbox
    WHERE created_at < now() - make_interval(secs => $1)
      AND (taken_at IS NULL OR taken_at < now() - make_interval(secs => $3))
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id, job, attempt, messages
"""


_ADD_JOB = """
INSERT INTO ingest.jobs (job, tenant, accepted, rate, expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(days => $5))
"""
_FIND_JOB = """
SELECT accepted, coalesce(deleted_at, purged_at) AS gone_at FROM ingest.jobs WHERE job = $1 AND tenant = $2
"""
_TERMS = "SELECT retention_days, share FROM ingest.tenants WHERE tenant = $1"
_BIND_ATTEMPT = """
INSERT INTO ingest.idempotency_keys (tenant, route, key, token, leased_until, fingerprint, job, attempt)
VALUES ($1, 'attempts', $2, $3, now(), $4, $4, $5)
ON CONFLICT (tenant, route, key) DO UPDATE SET token = excluded.token, leased_until = now(), created_at = now(),
    fingerprint = excluded.fingerprint, job = excluded.job, attempt = excluded.attempt
"""
_BOUND_ATTEMPT = """
SELECT job, attempt FROM ingest.idempotency_keys WHERE tenant = $1 AND route = 'attempts' AND key = $2
    AND created_at >= now() - make_interval(hours => $3)
"""
_LAST_ATTEMPT = "SELECT attempt, ended FROM ingest.attempts WHERE job = $1 ORDER BY attempt DESC LIMIT 1"
_MARK_PUBLISHED = """
WITH gone AS (DELETE FROM ingest.outbox WHERE job = $1 AND attempt = $2 RETURNING job, attempt)
UPDATE ingest.attempts a SET published_at = now() FROM gone WHERE a.job = gone.job AND a.attempt = gone.attempt
"""
_COMPLETED = """
SELECT j.accepted, a.ended FROM ingest.jobs j
JOIN LATERAL (SELECT ended FROM ingest.attempts WHERE job = j.job ORDER BY attempt DESC LIMIT 1) a ON true
WHERE j.tenant = $1 AND j.accepted->>'sha256' = $2 AND j.deleted_at IS NULL AND a.ended->>'outcome' = 'completed'
    AND j.expires_at > now() + interval '1 day' -- whoever is answered with it wants to read it
ORDER BY j.admitted_at DESC LIMIT 100
"""
_DELETED_JOBS = """
SELECT tenant, job FROM ingest.jobs
WHERE files_swept_at IS NULL AND deleted_at < now() - make_interval(secs => $1) ORDER BY deleted_at LIMIT 1000
"""
_DROP_OLD_KEYS = "DELETE FROM ingest.idempotency_keys WHERE created_at < now() - make_interval(hours => $1)"
_QUEUE = """
SELECT (SELECT count(*) FROM ingest.attempts a JOIN ingest.jobs j USING (job)
        WHERE a.ended_at IS NULL AND j.deleted_at IS NULL) AS waiting,
    (SELECT count(*) FROM ingest.attempts WHERE ended_at > now() - interval '1 hour') AS ended
"""


class PostgresAdmissionStore:
    """`uploads_per_hour` is what a tenant may begin that has no number of its own."""

    def __init__(self, database: Database, *, uploads_per_hour: int = 10, allowance: Allowance = UNBOUNDED) -> None:
        self._database = database
        self._allowance = allowance
        self._uploads_per_hour = uploads_per_hour

    async def lease_key(self, key: IdempotencyKey) -> Lease:
        token = uuid4().hex
        scope = (key.tenant, key.route, key.key)
        async with self._database.transaction() as connection:
            taken = await connection.fetchval(_TAKE_KEY, *scope, token, LEASE_SECONDS, KEY_LIFETIME_HOURS)
            if taken is not None:
                return Lease(key, token, None, await count_upload(connection, key.tenant, self._uploads_per_hour))
            row = await connection.fetchrow(_BINDING, *scope)
        if row is None:
            raise KeyInUseError("a request with this Idempotency-Key is at work")
        done = JobEnded.model_validate_json(row["done"]) if row["done"] else None
        accepted = JobAccepted.model_validate_json(row["accepted"])
        return Lease(key, token, Binding(row["fingerprint"], accepted, row["deleted"], done))

    async def count_upload(self, tenant: TenantId) -> CountedUpload:
        async with self._database.transaction() as connection:
            return await count_upload(connection, tenant, self._uploads_per_hour)

    async def uncount_upload(self, counted: CountedUpload) -> None:
        async with self._database.connection() as connection:
            await uncount_upload(connection, counted)

    async def renew_lease(self, lease: Lease) -> None:
        await self._execute(
            "UPDATE ingest.idempotency_keys SET leased_until = now() + make_interval(secs => $5) "
            "WHERE tenant = $1 AND route = $2 AND key = $3 AND token = $4 AND job IS NULL",
            *_key_of(lease),
            LEASE_SECONDS,
        )

    async def release_lease(self, lease: Lease) -> None:
        await self._execute(
            "DELETE FROM ingest.idempotency_keys "
            "WHERE tenant = $1 AND route = $2 AND key = $3 AND token = $4 AND job IS NULL",
            *_key_of(lease),
        )

    async def stage(self, tenant: TenantId, job: JobId) -> None:
        await self._execute("INSERT INTO ingest.stages (job, tenant) VALUES ($1, $2)", job, tenant)

    async def admit(self, admission: Admission) -> None:
        accepted, quota = admission.accepted, self._allowance.quota
        async with self._database.transaction() as connection:
            await lock_account(connection, accepted.tenant)
            usage = await read_usage(connection, accepted.tenant)
            quota.check_job(usage)
            quota.check_book(usage, accepted.bytes)
            job = (accepted.job, accepted.tenant, accepted.model_dump_json(), admission.rate)
            await connection.execute(_ADD_JOB, *job, accepted.retention_days or RETENTION_LIMIT_DAYS)
            held = job_reserve(accepted.job, 1, accepted.reserve)
            await reserve(connection, accepted.tenant, held, monthly_credits=self._allowance.monthly_credits)
            await _add_attempt(connection, accepted.job, 1, None, accepted.reserve)
            await _add_to_outbox(connection, OutboxRow(accepted.job, 1, admission.messages))
            done = await connection.execute("DELETE FROM ingest.stages WHERE job = $1 AND NOT refused", accepted.job)
            if done != "DELETE 1":
                raise LostInvariantError("the stage of this admission was refused")
            if admission.lease is not None:
                await _bind(connection, admission.lease, accepted.job, admission.fingerprint, reused=False)

    async def reuse(
        self, wanted: Wanted, fingerprint: str, lease: Lease | None, *, gone: Callable[[JobId], bool]
    ) -> DoneJob | None:
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_COMPLETED, wanted.tenant, wanted.sha256)
            for row in rows:
                accepted = JobAccepted.model_validate_json(row["accepted"])
                if not wanted.met_by(accepted) or gone(accepted.job):
                    continue
                if lease is not None:
                    await _bind(connection, lease, accepted.job, fingerprint, reused=True)
                return DoneJob(accepted, JobEnded.model_validate_json(row["ended"]))
        return None

    async def terms(self, tenant: TenantId) -> Terms:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_TERMS, tenant)
        return Terms(row["retention_days"], row["share"]) if row is not None else Terms()

    async def find_job(self, tenant: TenantId, job: JobId) -> JobAccepted:
        async with self._database.connection() as connection:
            return await _find_job(connection, tenant, job)

    async def begin_attempt(self, request: AttemptRequest, make_messages: MakeMessages) -> BegunAttempt:
        async with self._database.transaction() as connection:
            accepted = await _find_job(connection, request.tenant, request.job, lock="FOR NO KEY UPDATE")
            bound = await _bound_attempt(connection, request)
            if bound is not None:
                return await _begun(connection, accepted, bound)
            number = await _next_attempt(connection, request.job)
            await lock_account(connection, request.tenant)
            self._allowance.quota.check_job(await read_usage(connection, request.tenant))
            monthly = self._allowance.monthly_credits
            held = await reserve_rest(connection, accepted, number, monthly_credits=monthly)
            row = OutboxRow(request.job, number, make_messages(accepted, number, held))
            await _add_attempt(connection, request.job, number, request.token, held)
            await _add_to_outbox(connection, row)
            if request.idempotency_key is not None:
                key = (request.tenant, request.idempotency_key, request.token, request.job, number)
                await connection.execute(_BIND_ATTEMPT, *key)
            return BegunAttempt(accepted, number, row, held)

    async def find_attempt(self, request: AttemptRequest) -> BegunAttempt | None:
        async with self._database.transaction() as connection:
            accepted = await _find_job(connection, request.tenant, request.job, lock="FOR NO KEY UPDATE")
            number: int | None = await connection.fetchval(
                "SELECT attempt FROM ingest.attempts WHERE job = $1 AND token = $2", request.job, request.token
            )
            return await _begun(connection, accepted, number) if number is not None else None

    async def pending(self, job: JobId, attempt: int) -> OutboxRow | None:
        async with self._database.connection() as connection:
            return await _pending(connection, job, attempt)

    async def mark_published(self, job: JobId, attempt: int) -> None:
        await self._execute(_MARK_PUBLISHED, job, attempt)

    async def take_outbox(self, older_than_seconds: float, limit: int) -> Sequence[OutboxRow]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_TAKE_OUTBOX, older_than_seconds, limit, _RETAKE_SECONDS)
        rows.sort(key=lambda row: row["id"])
        return [OutboxRow(JobId(row["job"]), row["attempt"], _unpack(row["messages"])) for row in rows]

    async def count_outbox(self) -> int:
        async with self._database.connection() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM ingest.outbox"))

    async def resolve(self, job: JobId) -> bool:
        async with self._database.transaction() as connection:
            # Waits for an admission whose commit is under way: it holds the row.
            done = await connection.execute("UPDATE ingest.stages SET refused = true WHERE job = $1", job)
        return bool(done != "UPDATE 1")

    async def drop_stage(self, job: JobId) -> None:
        await self._execute("DELETE FROM ingest.stages WHERE job = $1", job)

    async def stale_stages(self, older_than_seconds: float) -> Sequence[tuple[TenantId, JobId]]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT tenant, job FROM ingest.stages WHERE staged_at < now() - make_interval(secs => $1) LIMIT 1000",
                older_than_seconds,
            )
        return [(TenantId(row["tenant"]), JobId(row["job"])) for row in rows]

    async def deleted_jobs(self, older_than_seconds: float) -> Sequence[tuple[TenantId, JobId]]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_DELETED_JOBS, older_than_seconds)
        return [(TenantId(row["tenant"]), JobId(row["job"])) for row in rows]

    async def mark_files_swept(self, job: JobId) -> None:
        await self._execute("UPDATE ingest.jobs SET files_swept_at = now() WHERE job = $1", job)

    async def queue(self) -> Queue:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_QUEUE)
        return Queue(row["waiting"], row["ended"])

    async def settle_missed(self) -> int:
        return await settle_missed(self._database)

    async def drop_old_keys(self) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_DROP_OLD_KEYS, KEY_LIFETIME_HOURS)
            await drop_old_counts(connection)

    async def check(self) -> None:
        await self._database.check()

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._database.connection() as connection:
            await connection.execute(statement, *values)


async def _find_job(connection: asyncpg.Connection, tenant: TenantId, job: JobId, *, lock: str = "") -> JobAccepted:
    row = await connection.fetchrow(f"{_FIND_JOB} {lock}", job, tenant)
    if row is None:
        raise JobNotFoundError("there is no such job")
    if row["gone_at"] is not None:
        raise JobGoneError("the job was deleted")
    return JobAccepted.model_validate_json(row["accepted"])


async def _bound_attempt(connection: asyncpg.Connection, request: AttemptRequest) -> int | None:
    if request.idempotency_key is None:
        return None
    row = await connection.fetchrow(_BOUND_ATTEMPT, request.tenant, request.idempotency_key, KEY_LIFETIME_HOURS)
    if row is None:
        return None
    if row["job"] != request.job:
        raise KeyReusedError("this Idempotency-Key was used for another job")
    return int(row["attempt"])


async def _next_attempt(connection: asyncpg.Connection, job: JobId) -> int:
    last = await connection.fetchrow(_LAST_ATTEMPT, job)
    if last is None or last["ended"] is None:
        raise AttemptRunningError("the last attempt has not ended")
    if JobEnded.model_validate_json(last["ended"]).outcome is Outcome.COMPLETED:
        raise NothingToRetryError("the job is complete")
    return int(last["attempt"]) + 1


async def _begun(connection: asyncpg.Connection, accepted: JobAccepted, attempt: int) -> BegunAttempt:
    query = "SELECT reserve FROM ingest.attempts WHERE job = $1 AND attempt = $2"
    held: int = await connection.fetchval(query, accepted.job, attempt)
    return BegunAttempt(accepted, attempt, await _pending(connection, accepted.job, attempt), held)


async def _add_attempt(connection: asyncpg.Connection, job: JobId, attempt: int, token: str | None, held: int) -> None:
    await connection.execute(
        "INSERT INTO ingest.attempts (job, attempt, token, reserve) VALUES ($1, $2, $3, $4)", job, attempt, token, held
    )


async def _add_to_outbox(connection: asyncpg.Connection, row: OutboxRow) -> None:
    await connection.execute(
        "INSERT INTO ingest.outbox (job, attempt, messages) VALUES ($1, $2, $3)",
        row.job,
        row.attempt,
        _pack(row.messages),
    )


async def _pending(connection: asyncpg.Connection, job: JobId, attempt: int) -> OutboxRow | None:
    text = await connection.fetchval("SELECT messages FROM ingest.outbox WHERE job = $1 AND attempt = $2", job, attempt)
    return OutboxRow(job, attempt, _unpack(text)) if text is not None else None


async def _bind(connection: asyncpg.Connection, lease: Lease, job: JobId, fingerprint: str, *, reused: bool) -> None:
    done = await connection.execute(_BIND, *_key_of(lease), job, fingerprint, reused)
    if done != "UPDATE 1":
        raise KeyInUseError("another request took this Idempotency-Key over")


def _key_of(lease: Lease) -> tuple[str, str, str, str]:
    return lease.key.tenant, lease.key.route, lease.key.key, lease.token


def _pack(messages: Sequence[Message]) -> str:
    return json.dumps(
        [
            {
                "topic": message.topic,
                "key": _text(message.key),
                "value": _text(message.value),
                "headers": [[name, _text(value)] for name, value in message.headers],
            }
            for message in messages
        ]
    )


def _unpack(text: str) -> tuple[Message, ...]:
    return tuple(
        Message(
            entry["topic"],
            base64.b64decode(entry["key"]),
            base64.b64decode(entry["value"]),
            tuple((name, base64.b64decode(value)) for name, value in entry["headers"]),
        )
        for entry in json.loads(text)
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
