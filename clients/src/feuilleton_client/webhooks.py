"""Webhooks: URLs that are told of the jobs of one's tenant, and the log of what was sent to them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

import httpx

from feuilleton_client.models import Answered, Page
from feuilleton_client.transport import Transport, parse

_PER_PAGE = 100


class Webhook(Answered):
    """`disabled_for` says why it is told nothing, None while it is."""

    id: str
    url: str
    job: str | None = None
    events: tuple[str, ...]
    enabled: bool
    disabled_for: str | None = None
    created_at: datetime


class NewWebhook(Webhook):
    """`secret` verifies the signatures (standardwebhooks.com); the server shows it this once."""

    secret: str


class WebhookDelivery(Answered):
    """One message to one webhook; `event_id` is its `webhook-id` header. `status` or `error` are of the last try."""

    id: str
    event_id: str
    type: str
    job: str | None = None
    state: str
    tries: int
    created_at: datetime
    next_try_at: datetime | None = None
    status: int | None = None
    error: str | None = None


class _WebhookList(Answered):
    items: tuple[Webhook, ...]


class WebhooksClient:
    """Methods raise as those of FeuilletonClient do. `add`, `rotate` and `test` are sent once: when the answer is lost,
    look at the list.
    """

    def __init__(self, transport: Transport, status_url: str) -> None:
        self._transport = transport
        self._base = f"{status_url}/v1/webhooks"

    def add(self, url: str, events: Sequence[str] = (), *, job_id: str | None = None) -> NewWebhook:
        """Without `events`: the end of each attempt. With `job_id`: of that job alone, those that ended before too."""
        body: dict[str, object] = {"url": url, **({"events": list(events)} if events else {})}
        body |= {"job": job_id} if job_id else {}
        made = self._transport.send_once(lambda http: http.build_request("POST", self._base, json=body))
        return parse(NewWebhook, made)

    def all(self, job_id: str | None = None) -> tuple[Webhook, ...]:
        """Those for all jobs, or those of one job alone; oldest first."""
        return self._transport.read(_WebhookList, "GET", self._base, job_id=job_id).items

    def switch(self, webhook_id: str, *, enabled: bool) -> Webhook:
        """Repeatable."""
        url = self._url(webhook_id)
        body = {"enabled": enabled}
        changed = self._transport.send(lambda http: http.build_request("PATCH", url, json=body))
        return parse(Webhook, changed)

    def rotate(self, webhook_id: str) -> NewWebhook:
        """A new secret; for a day the old one signs too."""
        return parse(NewWebhook, self._post_once(f"{self._url(webhook_id)}/secret"))

    def remove(self, webhook_id: str) -> None:
        """With its log."""
        url = self._url(webhook_id)
        self._transport.send(lambda http: http.build_request("DELETE", url))

    def test(self, webhook_id: str) -> WebhookDelivery:
        """Send a message that says nothing; `deliveries` tell what became of it."""
        return parse(WebhookDelivery, self._post_once(f"{self._url(webhook_id)}/test"))

    def deliveries(self, webhook_id: str) -> Iterator[WebhookDelivery]:
        """Newest first, read page by page as they are asked for."""
        url = f"{self._url(webhook_id)}/deliveries"
        return self._transport.pages(Page[WebhookDelivery], url, limit=_PER_PAGE)

    def redeliver(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Send it again, whatever became of it. Repeatable: one that is on its way is left alone."""
        url = f"{self._url(webhook_id)}/deliveries/{quote(delivery_id, safe='')}/redeliver"
        return self._transport.read(WebhookDelivery, "POST", url)

    def _url(self, webhook_id: str) -> str:
        return f"{self._base}/{quote(webhook_id, safe='')}"

    def _post_once(self, url: str) -> httpx.Response:
        return self._transport.send_once(lambda http: http.build_request("POST", url))
