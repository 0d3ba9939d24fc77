"""The only reader of the environment in status-api: one model for each of its processes."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from feuilleton.settings import ApiSettings, CommonSettings


class MigrateSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)
    database_url: SecretStr


class ProjectorSettings(CommonSettings):
    database_url: SecretStr
    database_connections: int = Field(default=4, ge=2)


class StatusApiSettings(ApiSettings):
    database_connections: int = Field(default=10, ge=2)
    streams_limit: int = Field(default=500, ge=1)
    """Event streams open at the same time in one process; one more is told to come again."""
    heartbeat_seconds: float = Field(default=15.0, gt=0)
    """A comment goes down a silent stream this often, so that proxies keep it open."""
    exports_limit: int = Field(default=3, ge=1)
    """Archives (xlsx, apkg) made and sent at the same time in one process; one more is told to come again."""
    barrier_seconds: float = Field(default=5.0, gt=0)
    """The longest wait of a read for the projection to catch up; then 503."""
    cancel_wait_seconds: float = Field(default=1.0, ge=0)
    """How long a cancel waits for the end, so that its answer can show it."""
