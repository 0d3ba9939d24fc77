"""AdmissionStore on Postgres. Contract: `ingest.ports.AdmissionStore`."""

import base64
import json
from collections.abc import Sequence
from uuid import uuid4

import asyncpg

from feuilleton.contracts.errors import LostInvariantError
from feuilleton.contracts.events import JobAccepted, Message
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.database.pool import Database
from ingest.errors import KeyInUseError
from ingest.ports import (
    KEY_LIFETIME_HOURS,
    LEASE_SECONDS,
    Admission,
    Binding,
    IdempotencyKey,
    Lease,
    OutboxRow,
)

_RETAKE_SECONDS = 30  # a relay that took a row and died leaves it to the next one after this

_TAKE_KEY = """
INSERT INTO ingest.idempotency_keys AS k (tenant, route, key, token, leased_until)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
ON CONFLICT (tenant, route, key) DO UPDATE
SET token = excluded.token, leased_until = excluded.leased_until, created_at = now(), job = NULL, fingerprint = NULL
WHERE (k.job IS NULL AND k.leased_until < now())
   OR k.created_at < now() - make_interval(hours => $6)
RETURNING token
"""
_BINDING = """
SELECT k.fingerprint, j.accepted FROM ingest.idempotency_keys k JOIN ingest.jobs j USING (job)
WHERE k.tenant = $1 AND k.route = $2 AND k.key = $3
"""
_BIND = """
UPDATE ingest.idempotency_keys SET job = $5, fingerprint = $6
WHERE tenant = $1 AND route = $2 AND key = $3 AND token = $4 AND job IS NULL
"""
_TAKE_OUTBOX = """
UPDATE ingest.outbox SET taken_at = now() WHERE id IN (
    SELECT id FROM ingest.outbox
    WHERE created_at < now() - make_interval(secs => $1)
      AND (taken_at IS NULL OR taken_at < now() - make_interval(secs => $3))
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id, job, messages
"""


class PostgresAdmissionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease_key(self, key: IdempotencyKey) -> Lease:
        token = uuid4().hex
        scope = (key.tenant, key.route, key.key)
        async with self._database.connection() as connection:
            taken = await connection.fetchval(_TAKE_KEY, *scope, token, LEASE_SECONDS, KEY_LIFETIME_HOURS)
            if taken is not None:
                return Lease(key, token, None)
            row = await connection.fetchrow(_BINDING, *scope)
        if row is None:
            raise KeyInUseError("a request with this Idempotency-Key is at work")
        return Lease(key, token, Binding(row["fingerprint"], JobAccepted.model_validate_json(row["accepted"])))

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
        accepted = admission.accepted
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT INTO ingest.jobs (job, tenant, accepted) VALUES ($1, $2, $3)",
                accepted.job,
                accepted.tenant,
                accepted.model_dump_json(),
            )
            await connection.execute(
                "INSERT INTO ingest.outbox (job, messages) VALUES ($1, $2)", accepted.job, _pack(admission.messages)
            )
            done = await connection.execute("DELETE FROM ingest.stages WHERE job = $1 AND NOT refused", accepted.job)
            if done != "DELETE 1":
                raise LostInvariantError("the stage of this admission was refused")
            if admission.lease is not None:
                await _bind(connection, admission.lease, admission)

    async def pending(self, job: JobId) -> OutboxRow | None:
        async with self._database.connection() as connection:
            text = await connection.fetchval("SELECT messages FROM ingest.outbox WHERE job = $1", job)
        return OutboxRow(job, _unpack(text)) if text is not None else None

    async def mark_published(self, job: JobId) -> None:
        await self._execute("DELETE FROM ingest.outbox WHERE job = $1", job)

    async def take_outbox(self, older_than_seconds: float, limit: int) -> Sequence[OutboxRow]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_TAKE_OUTBOX, older_than_seconds, limit, _RETAKE_SECONDS)
        rows.sort(key=lambda row: row["id"])
        return [OutboxRow(JobId(row["job"]), _unpack(row["messages"])) for row in rows]

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

    async def drop_old_keys(self) -> None:
        await self._execute(
            "DELETE FROM ingest.idempotency_keys WHERE created_at < now() - make_interval(hours => $1)",
            KEY_LIFETIME_HOURS,
        )

    async def check(self) -> None:
        await self._database.check()

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._database.connection() as connection:
            await connection.execute(statement, *values)


async def _bind(connection: asyncpg.Connection, lease: Lease, admission: Admission) -> None:
    done = await connection.execute(_BIND, *_key_of(lease), admission.accepted.job, admission.fingerprint)
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
