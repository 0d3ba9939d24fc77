"""Webhooks of the caller's tenant, and the log of what was sent to them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import JobId, is_uuid
from status_api.cursors import job_cursor, read_job_cursor
from status_api.parts import Parts
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, Caller, Cursor, parts_of, problems
from status_api.webhooks.answers import (
    DeliveryList,
    DeliveryView,
    NewWebhookView,
    WebhookChange,
    WebhookList,
    WebhookMessage,
    WebhookView,
    WebhookWish,
    delivery_view,
    new_webhook_view,
    webhook_view,
)
from status_api.webhooks.events import WebhookEvent, ends_of, trial_message
from status_api.webhooks.ports import DeliveryId, Endpoint, EndpointChange, EndpointId
from status_api.webhooks.signing import new_secret

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], dependencies=ROUTER_DEPENDENCIES)
messages = APIRouter()
"""For the OpenAPI document alone: what a webhook gets."""

JobQuery = Annotated[str | None, Query(max_length=100, description="A job of yours.")]
_OLD_SECRET_LASTS = timedelta(days=1)
_MEANINGS = {
    400: "The body is no JSON (`bad_request`)",
    404: "No such webhook, delivery or job of yours (`webhook_not_found`, `delivery_not_found`, `job_not_found`)",
    409: "There are as many as there may be (`webhook_limit_reached`), or it is disabled (`webhook_disabled`)",
    422: "A wrong URL or parameter (`invalid_webhook_url`, `invalid_request`, `invalid_cursor`)",
    429: "Too many tests within a minute (`too_many_webhook_tests`)",
    503: "The database is away (`database_unavailable`)",
}


class WebhookNotFoundError(PipelineError):
    """No such webhook, or another tenant's: the two look the same."""

    code = "webhook_not_found"


class DeliveryNotFoundError(PipelineError):
    """The webhook has no such delivery, or it is forgotten by now."""

    code = "delivery_not_found"


class WebhookDisabledError(PipelineError):
    """Nothing is sent to a webhook that is disabled."""

    code = "webhook_disabled"


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    found = problems(*statuses)
    return {
        status: {**entry, "description": _MEANINGS.get(int(status), entry["description"])}
        for status, entry in found.items()
    }


@router.post("", status_code=201, responses=_problems(400, 404, 409))
async def add_webhook(request: Request, response: Response, caller: Caller, wish: WebhookWish) -> NewWebhookView:
    """Be told of events from now on, of all jobs or of one. The answer holds the secret, once."""
    parts, now = parts_of(request), datetime.now(UTC)
    job = (await parts.access.load(caller.tenant, wish.job)).id if wish.job is not None else None
    made = Endpoint(
        id=EndpointId(str(uuid4())),
        tenant=caller.tenant,
        url=parts.webhook_rules.check(wish.url),
        events=wish.events,
        secret=new_secret(),
        created_at=now,
        job=job,
    )
    await parts.webhooks.add(made, limit=parts.webhook_rules.limit)
    if job is not None and WebhookEvent.JOB_ENDED in made.events:
        try:
            await _tell_ends(parts, made, job)
        except PipelineError:
            await parts.webhooks.remove(caller.tenant, made.id)  # nobody would ever know its secret
            raise
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return new_webhook_view(made, now)


async def _tell_ends(parts: Parts, made: Endpoint, job: JobId) -> None:
    """Tell the ends that the job has had. Looked for once the webhook stands: an end is seen here, or comes later and
    is folded for it; where it is both, it is one message.
    """
    for message in ends_of(await parts.access.load_now(made.tenant, job)):
        await parts.webhooks.tell(made.id, message)


@router.get("", responses=_problems(404))
async def list_webhooks(request: Request, caller: Caller, job_id: JobQuery = None) -> WebhookList:
    """Those for all jobs, or those of one job alone."""
    parts, now = parts_of(request), datetime.now(UTC)
    job = (await parts.access.load(caller.tenant, job_id)).id if job_id is not None else None
    return WebhookList(items=[webhook_view(one, now) for one in await parts.webhooks.list_all(caller.tenant, job)])


@router.get("/{webhook_id}", responses=_problems(404))
async def get_webhook(request: Request, caller: Caller, webhook_id: str) -> WebhookView:
    return webhook_view(await _found(request, caller, webhook_id), datetime.now(UTC))


@router.patch("/{webhook_id}", responses=_problems(400, 404))
async def change_webhook(request: Request, caller: Caller, webhook_id: str, wish: WebhookChange) -> WebhookView:
    """What waits for one that is disabled is given up, and can be asked for again."""
    parts = parts_of(request)
    found = await _found(request, caller, webhook_id)
    url = None if wish.url is None else parts.webhook_rules.check(wish.url)
    changed = await parts.webhooks.change(caller.tenant, found.id, EndpointChange(url, wish.events, wish.enabled))
    return webhook_view(_there(changed), datetime.now(UTC))


@router.delete("/{webhook_id}", status_code=204, responses=_problems(404))
async def remove_webhook(request: Request, caller: Caller, webhook_id: str) -> None:
    """With its log. A post that is on its way may still arrive."""
    found = await _found(request, caller, webhook_id)
    if not await parts_of(request).webhooks.remove(caller.tenant, found.id):
        raise WebhookNotFoundError("there is no such webhook")


@router.post("/{webhook_id}/secret", responses=_problems(404))
async def rotate_secret(request: Request, caller: Caller, webhook_id: str) -> NewWebhookView:
    """A new secret. For a day the old one signs too, so that receivers can be changed over; asked for twice within
    that day, the first of the three is gone.
    """
    now = datetime.now(UTC)
    found = await _found(request, caller, webhook_id)
    rotated = await parts_of(request).webhooks.rotate(
        caller.tenant, found.id, new_secret(), old_until=now + _OLD_SECRET_LASTS
    )
    return new_webhook_view(_there(rotated), now)


@router.post("/{webhook_id}/test", status_code=202, responses=_problems(404, 409, 429))
async def send_test(request: Request, caller: Caller, webhook_id: str) -> DeliveryView:
    """Queue a message of the type `webhook.test`; the log tells what became of it."""
    found = _enabled(await _found(request, caller, webhook_id))
    message = trial_message(str(uuid4()), caller.tenant, datetime.now(UTC))
    queued = await parts_of(request).webhooks.add_test(found.id, message)
    if queued is None:
        raise WebhookNotFoundError("there is no such webhook")
    return delivery_view(queued)


@router.get("/{webhook_id}/deliveries", responses=_problems(404))
async def list_deliveries(
    request: Request,
    caller: Caller,
    webhook_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Cursor = None,
) -> DeliveryList:
    """What was sent, or is to be; kept for a month."""
    found = await _found(request, caller, webhook_id)
    before = read_job_cursor(cursor) if cursor else None
    place = (before[0], DeliveryId(before[1])) if before else None
    page = await parts_of(request).webhooks.deliveries(found.id, before=place, limit=limit)
    last = page.deliveries[-1] if page.more else None
    return DeliveryList(
        items=[delivery_view(one) for one in page.deliveries],
        next_cursor=job_cursor(last.created_at, JobId(last.id)) if last else None,
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202, responses=_problems(404, 409))
async def redeliver(request: Request, caller: Caller, webhook_id: str, delivery_id: str) -> DeliveryView:
    """Send it again, whatever became of it: the same message under the same `webhook-id`."""
    found = _enabled(await _found(request, caller, webhook_id))
    if not is_uuid(delivery_id):
        raise DeliveryNotFoundError("no delivery has such an id")
    delivery = DeliveryId(delivery_id)
    queued = await parts_of(request).webhooks.redeliver(found.id, delivery, now=datetime.now(UTC))
    if queued is None:
        raise DeliveryNotFoundError("there is no such delivery of this webhook")
    return delivery_view(queued)


@messages.post("event", responses={200: {"description": "Any 2xx says that it arrived; 410 ends the webhook"}})
async def event(message: WebhookMessage) -> None:
    """A chosen event, signed after Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and
    `webhook-signature`. Anything but 2xx, redirects too, is tried again for a day, with growing gaps. It may come
    more than once (under the same `webhook-id`) and in any order.
    """


async def _found(request: Request, caller: Caller, webhook_id: str) -> Endpoint:
    if not is_uuid(webhook_id):
        raise WebhookNotFoundError("no webhook has such an id")
    return _there(await parts_of(request).webhooks.find(caller.tenant, EndpointId(webhook_id)))


def _there(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise WebhookNotFoundError("there is no such webhook")
    return endpoint


def _enabled(endpoint: Endpoint) -> Endpoint:
    if not endpoint.enabled:
        raise WebhookDisabledError(f"the webhook is disabled ({endpoint.disabled_for}): enable it first")
    return endpoint
