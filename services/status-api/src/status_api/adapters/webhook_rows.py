"""Database rows from and to the frozen models of webhooks."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import uuid4

import asyncpg

from feuilleton.contracts.events import JobEnded
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_state import AttemptState, JobState, JobStatus
from status_api.webhooks.events import Told, WebhookEvent
from status_api.webhooks.ports import Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId

ENDPOINT_COLUMNS = "id, tenant, url, events, secret, old_secret, old_until, created_at, disabled_for, job"
DELIVERY_COLUMNS = (
    "id, webhook, event_id, type, job, body, created_at, since, state, tries, next_try_at, tried_at, status, error"
)
JOB_COLUMNS = "job, accepted, deleted, attempts, moved_at"
QUEUE = """
    INSERT INTO status.webhook_deliveries (id, webhook, event_id, type, job, body, created_at, since, next_try_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)
    ON CONFLICT (webhook, event_id) DO NOTHING
"""
"""With `delivery_values`: a message that is queued, or was, is not queued again."""
_KNOWN = frozenset(WebhookEvent)


def read_endpoint(row: asyncpg.Record) -> Endpoint:
    """Events that this version does not know (a newer one was rolled back) are left out."""
    return Endpoint(
        id=EndpointId(row["id"]),
        tenant=TenantId(row["tenant"]),
        url=row["url"],
        events=tuple(WebhookEvent(name) for name in row["events"] if name in _KNOWN),
        secret=row["secret"],
        created_at=row["created_at"],
        disabled_for=row["disabled_for"],
        old_secret=row["old_secret"],
        old_until=row["old_until"],
        job=JobId(row["job"]) if row["job"] else None,
    )


def read_delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        id=DeliveryId(row["id"]),
        endpoint=EndpointId(row["webhook"]),
        event_id=row["event_id"],
        type=row["type"],
        job=JobId(row["job"]) if row["job"] else None,
        body=row["body"],
        created_at=row["created_at"],
        since=row["since"],
        state=DeliveryState(row["state"]),
        tries=row["tries"],
        next_try_at=row["next_try_at"],
        tried_at=row["tried_at"],
        status=row["status"],
        error=row["error"],
    )


def delivery_values(endpoint: EndpointId, message: Told, now: datetime) -> tuple[object, ...]:
    """In the order of QUEUE."""
    return (str(uuid4()), endpoint, message.event_id, message.type, message.job, message.body, now)


def read_state(row: asyncpg.Record) -> JobState:
    attempts = {int(number): _read_attempt(one) for number, one in json.loads(row["attempts"]).items()}
    return JobState(row["accepted"], row["deleted"], MappingProxyType(attempts))


def _read_attempt(stored: Mapping[str, str]) -> AttemptState:
    end = JobEnded.model_validate_json(stored["end"]) if "end" in stored else None
    return AttemptState(JobStatus(stored["reached"]), end)


def attempts_json(state: JobState) -> str:
    return json.dumps({str(number): _attempt_values(one) for number, one in state.attempts.items()})


def _attempt_values(attempt: AttemptState) -> dict[str, str]:
    end = {"end": attempt.end.model_dump_json()} if attempt.end else {}
    return {"reached": attempt.reached.value, **end}
