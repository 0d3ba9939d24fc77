"""The only reader of the environment in status-api: one model for each of its processes."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from feuilleton.settings import ApiSettings, CommonSettings

_HOUR_SECONDS = 3600.0
_DAY_SECONDS = 24 * _HOUR_SECONDS


class MigrateSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)
    database_url: SecretStr


class ProjectorSettings(CommonSettings):
    database_url: SecretStr
    database_connections: int = Field(default=4, ge=2)


class WebhookTargets(BaseModel):
    """Where webhooks may lead to. Alike in both processes, or what one accepts the other never sends."""

    webhook_plain_http: bool = False
    """Let http:// URLs be webhooks too: for tests, and for receivers in a network of one's own."""
    webhook_permitted_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks that are not public and may be posted to all the same, comma-separated (`10.1.2.0/24`)."""

    @field_validator("webhook_permitted_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


class WebhooksSettings(WebhookTargets, CommonSettings):
    database_url: SecretStr
    database_connections: int = Field(default=8, ge=3)
    webhook_posts_at_once: int = Field(default=32, ge=1)
    """Posts under way at the same time in one process; each may hold a thread for a look-up."""
    webhook_posts_per_endpoint: int = Field(default=4, ge=1)
    webhook_posts_per_tenant: int = Field(default=8, ge=1)
    """Of those at once: receivers that do not answer, however many one tenant has, hold up no other tenant's."""
    webhook_connect_seconds: float = Field(default=5.0, gt=0)
    webhook_timeout_seconds: float = Field(default=15.0, gt=0, le=60)
    """The longest post, from the look-up of the name to the answer's headers."""
    webhook_lease_seconds: float = Field(default=60.0, gt=0)
    """How long a process has a delivery for itself; when it was killed, another posts it after that."""
    webhook_poll_seconds: float = Field(default=1.0, gt=0)
    webhook_first_gap_seconds: float = Field(default=5.0, gt=0)
    """The wait after the first failure; each further one is four times as long, up to the longest."""
    webhook_longest_gap_seconds: float = Field(default=4 * _HOUR_SECONDS, gt=0)
    webhook_try_for_seconds: float = Field(default=_DAY_SECONDS, gt=0)
    """A delivery that did not succeed for so long has failed."""
    webhook_log_days: int = Field(default=30, ge=1)
    """How long ended deliveries stay in the log."""

    @model_validator(mode="after")
    def _a_lease_outlives_a_post(self) -> Self:
        if self.webhook_lease_seconds <= self.webhook_timeout_seconds:
            raise ValueError("WEBHOOK_LEASE_SECONDS must be above WEBHOOK_TIMEOUT_SECONDS")
        return self


class StatusApiSettings(WebhookTargets, ApiSettings):
    webhooks_limit: int = Field(default=10, ge=0)
    """Webhooks that a tenant may have."""
    database_connections: int = Field(default=10, ge=2)
    streams_limit: int = Field(default=500, ge=1)
    """Event streams open at the same time in one process; one more is told to come again."""
    heartbeat_seconds: float = Field(default=15.0, gt=0)
    """A comment goes down a silent stream this often, so that proxies keep it open."""
    google_api_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    """In place of Google's own addresses, for a proxy or a test; empty for those."""
    links_seconds: int = Field(default=300, ge=10, le=3600)
    """How long a link to a stored object works, where the store makes links."""
    exports_limit: int = Field(default=3, ge=1)
    """Archives (xlsx, apkg) made and sent at the same time in one process; one more is told to come again."""
    barrier_seconds: float = Field(default=5.0, gt=0)
    """The longest wait of a read for the projection to catch up; then 503."""
    cancel_wait_seconds: float = Field(default=1.0, ge=0)
    """How long a cancel waits for the end, so that its answer can show it."""
