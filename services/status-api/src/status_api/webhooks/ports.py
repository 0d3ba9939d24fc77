"""What webhooks need of a database: endpoints and the log of their deliveries, and the queue of what is to be sent."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.ids import JobId, TenantId
from status_api.webhooks.events import CLOCKS_APART, Told, WebhookEvent

EndpointId = NewType("EndpointId", str)
DeliveryId = NewType("DeliveryId", str)


TESTS_A_MINUTE = 10
"""Of one webhook: a test is a post to a stranger, and must be no means to flood one."""


class WebhookLimitReachedError(PipelineError):
    """The tenant has as many webhooks as it may."""

    code = "webhook_limit_reached"


class TooManyTestsError(PipelineError):
    """Too many tests of one webhook were asked for within a minute."""

    code = "too_many_webhook_tests"

    def __init__(self) -> None:
        super().__init__("too many tests of this webhook within a minute")
        self.headers = {"Retry-After": "60"}


@dataclass(frozen=True)
class Endpoint:
    """Where a tenant wants to be told, of all its jobs or of one. `disabled_for` says why it is told nothing, None
    while it is.

    `old_secret` signs beside `secret` until `old_until`.
    """

    id: EndpointId
    tenant: TenantId
    url: str
    events: tuple[WebhookEvent, ...]
    secret: str
    created_at: datetime
    job: JobId | None = None
    disabled_for: str | None = None
    old_secret: str | None = None
    old_until: datetime | None = None

    @property
    def enabled(self) -> bool:
        return self.disabled_for is None

    def is_for(self, message: Told) -> bool:
        """Whether it is to be told this: it chose the event and was there when it happened."""
        fits = message.tenant == self.tenant and message.type in self.events and self.job in {None, message.job}
        return self.enabled and fits and message.time >= self.created_at - CLOCKS_APART

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that are good at `now`, the new one first."""
        if self.old_secret is not None and self.old_until is not None and now < self.old_until:
            return (self.secret, self.old_secret)
        return (self.secret,)


DISABLED_BY_USER = "by_user"
GONE = "gone"
"""The receiver answered 410."""


@dataclass(frozen=True)
class EndpointChange:
    """What is to become of an endpoint; None leaves a thing as it is. Enabling forgets why it was disabled."""

    url: str | None = None
    events: tuple[WebhookEvent, ...] | None = None
    enabled: bool | None = None


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """One message to one endpoint. `since` is when it was made, or last asked for again; `tries` count from there.

    `next_try_at` is of a pending one; `status` and `error` are of the last try.
    """

    id: DeliveryId
    endpoint: EndpointId
    event_id: str
    type: str
    job: JobId | None
    body: str
    created_at: datetime
    since: datetime
    state: DeliveryState = DeliveryState.PENDING
    tries: int = 0
    next_try_at: datetime | None = None
    tried_at: datetime | None = None
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, newest first. `more` tells whether others follow."""

    deliveries: tuple[Delivery, ...]
    more: bool


class WebhookStore(Protocol):
    """The webhooks of tenants. What belongs to another tenant is not there. Methods raise DatabaseUnavailableError."""

    async def add(self, endpoint: Endpoint, *, limit: int) -> None:
        """Raises WebhookLimitReachedError where the tenant (of one for a job: the job) has `limit` already, exactly
        under concurrency.
        """
        ...

    async def list_all(self, tenant: TenantId, job: JobId | None = None) -> tuple[Endpoint, ...]:
        """Those for all jobs, or those of one job alone; oldest first."""
        ...

    async def find(self, tenant: TenantId, endpoint: EndpointId) -> Endpoint | None: ...

    async def change(self, tenant: TenantId, endpoint: EndpointId, change: EndpointChange) -> Endpoint | None:
        """Returns it as it is then, None where there is none."""
        ...

    async def rotate(
        self, tenant: TenantId, endpoint: EndpointId, secret: str, *, old_until: datetime
    ) -> Endpoint | None:
        """Sign with `secret` from now on, and with the one that was current until `old_until` too."""
        ...

    async def remove(self, tenant: TenantId, endpoint: EndpointId) -> bool:
        """With its deliveries; False where there is none."""
        ...

    async def tell(self, endpoint: EndpointId, message: Told) -> None:
        """Queue a message for this endpoint alone, unless it was queued already or the endpoint has gone."""
        ...

    async def add_test(self, endpoint: EndpointId, message: Told) -> Delivery | None:
        """Queue a message for this endpoint alone; None where it has gone. Raises TooManyTestsError."""
        ...

    async def deliveries(
        self, endpoint: EndpointId, *, before: tuple[datetime, DeliveryId] | None, limit: int
    ) -> DeliveryPage:
        """Those made before `before` (its id breaks ties)."""
        ...

    async def redeliver(self, endpoint: EndpointId, delivery: DeliveryId, *, now: datetime) -> Delivery | None:
        """Queue it again, whatever became of it, with a fresh time to be tried for; None where there is none.
        One that is on its way just now is left alone.
        """
        ...


@dataclass(frozen=True)
class Parcel:
    """A delivery that this process is to try now, and nobody else until its lease is over.

    `tries` count this one in.
    """

    id: DeliveryId
    lease: str
    endpoint: Endpoint
    event_id: str
    body: str
    tries: int
    since: datetime


@dataclass(frozen=True)
class Verdict:
    """What a try came to. `next_try_at` is set while the delivery stays pending. `gone` disables the endpoint."""

    state: DeliveryState
    status: int | None = None
    error: str | None = None
    next_try_at: datetime | None = None
    gone: bool = False


@dataclass(frozen=True)
class Room:
    """What a sender can take on now: `limit` in all; of one endpoint and of one tenant what is left of their shares
    beside the posts that are `at_work` (the endpoint of each).
    """

    limit: int
    per_endpoint: int
    per_tenant: int
    at_work: tuple[Endpoint, ...] = ()

    def endpoints(self) -> Counter[EndpointId]:
        return Counter(endpoint.id for endpoint in self.at_work)

    def tenants(self) -> Counter[TenantId]:
        return Counter(endpoint.tenant for endpoint in self.at_work)


@dataclass(frozen=True)
class Waiting:
    """What is to be sent: how many deliveries, and for how long the oldest of those that are due has been."""

    pending: int
    overdue_seconds: float


class DeliveryQueue(Protocol):
    """Deliveries to be tried, shared by all who send. Methods raise DatabaseUnavailableError."""

    async def lease(self, room: Room, *, now: datetime, seconds: float) -> tuple[Parcel, ...]:
        """Take due deliveries, the longest due first, as far as there is room, and none of them twice until `seconds`
        are over. A parcel that is not settled is due again when its lease is over: its sender died.
        """
        ...

    async def settle(self, parcel: Parcel, verdict: Verdict, *, now: datetime) -> bool:
        """Write down what a try came to. False where the lease was lost: then nothing is changed."""
        ...

    async def prune(self, *, deliveries_before: datetime, jobs_before: datetime, limit: int) -> int:
        """Forget up to `limit` ended deliveries made before one time, as many webhooks of jobs that have been silent
        since then and wait for nothing, and as many jobs silent since another time.
        """
        ...

    async def waiting(self, *, now: datetime) -> Waiting: ...
