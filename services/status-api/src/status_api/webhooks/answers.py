"""What the routes of webhooks take and answer, and the message that a webhook gets."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_state import JobStatus
from status_api.models import Answer
from status_api.webhooks.events import WebhookEvent
from status_api.webhooks.ports import Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId
from status_api.webhooks.urls import LONGEST_URL

_URL = "https://hooks.example.org/feuilleton"
Url = Annotated[
    str,
    Field(max_length=LONGEST_URL, examples=[_URL], description="Public, and https."),
]
Events = Annotated[
    tuple[WebhookEvent, ...], Field(min_length=1, max_length=len(WebhookEvent), examples=[["job.ended"]])
]


class Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("events", check_fields=False)
    @classmethod
    def _each_once(cls, value: Events | None) -> Events | None:
        return value if value is None else tuple(dict.fromkeys(value))


class WebhookWish(Asked):
    """Where to post, and what of. With `job`: of that job alone, its ends so far too, so that none is missed however
    soon it came.
    """

    url: Url
    events: Events = (WebhookEvent.JOB_ENDED,)
    job: str | None = Field(default=None, max_length=100)


class WebhookChange(Asked):
    """What is left out stays as it is. `enabled: true` takes up one that was disabled."""

    url: Url | None = None
    events: Events | None = None
    enabled: StrictBool | None = None


class WebhookView(Answer):
    """`disabled_for` is `by_user`, or `gone` where the receiver answered 410. While a secret is being replaced, the
    one before it signs too, until `old_secret_until`.
    """

    id: EndpointId
    url: str
    job: JobId | None
    events: tuple[WebhookEvent, ...]
    enabled: bool
    disabled_for: str | None
    created_at: datetime
    old_secret_until: datetime | None


class NewWebhookView(WebhookView):
    """`secret` is shown this once: it verifies the signatures (standardwebhooks.com)."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class WebhookList(Answer):
    """Oldest first."""

    items: list[WebhookView]


class DeliveryView(Answer):
    """One message to one webhook. `event_id` is its `webhook-id` header, the same in every try: a receiver that has
    seen it may ignore it. `status` or `error` are of the last try.
    """

    id: DeliveryId
    event_id: str
    type: str
    job: JobId | None
    state: DeliveryState
    tries: int
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None
    status: int | None
    error: str | None
    message: dict[str, object]


class DeliveryList(Answer):
    """Newest first. `next_cursor` is for the following page, null on the last."""

    items: list[DeliveryView]
    next_cursor: str | None


class MessageData(BaseModel):
    """What the event stream says of the event in its `data`, and beside it whose it is."""

    model_config = ConfigDict(extra="allow")
    job: JobId
    attempt: int
    status: JobStatus


class WebhookMessage(BaseModel):
    """The body of a post."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "job.ended",
                    "timestamp": "2026-05-04T12:00:01Z",
                    "data": {
                        "job": "0b8b4f0e-3f0c-4d5e-9a52-1f6f0c1c2d3e",
                        "attempt": 1,
                        "status": "completed",
                        "outcome": "completed",
                        "code": None,
                        "counts": {
                            "pages": 212,
                            "chunks": 58,
                            "chunks_failed": 0,
                            "source_sentences": 4120,
                            "represented": 4087,
                            "dropped": 33,
                            "cards": 6210,
                        },
                        "tokens": 181240,
                        "billed_tokens": 181240,
                    },
                }
            ]
        }
    )
    type: WebhookEvent
    timestamp: datetime
    data: MessageData


def webhook_view(endpoint: Endpoint, now: datetime) -> WebhookView:
    return WebhookView(**_figures(endpoint, now))


def new_webhook_view(endpoint: Endpoint, now: datetime) -> NewWebhookView:
    return NewWebhookView(**_figures(endpoint, now), secret=endpoint.secret)


def _figures(endpoint: Endpoint, now: datetime) -> dict[str, object]:
    replacing = endpoint.old_until is not None and now < endpoint.old_until
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "job": endpoint.job,
        "events": endpoint.events,
        "enabled": endpoint.enabled,
        "disabled_for": endpoint.disabled_for,
        "created_at": endpoint.created_at,
        "old_secret_until": endpoint.old_until if replacing else None,
    }


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.type,
        job=delivery.job,
        state=delivery.state,
        tries=delivery.tries,
        created_at=delivery.created_at,
        tried_at=delivery.tried_at,
        next_try_at=delivery.next_try_at,
        status=delivery.status,
        error=delivery.error,
        message=json.loads(delivery.body),
    )
