"""The settings that every service has. Read once, in a service's main; nothing else reads the environment."""

import sys
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """Names are those of the environment, in upper case. A wrong value stops the start with the field's name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """Set before the name of every topic and consumer group, for clusters shared with others."""
    object_store_url: str = "file:///var/lib/feuilleton"
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"


class ApiSettings(CommonSettings):
    """What the two HTTP services have besides."""

    api_key: SecretStr = Field(min_length=16)
    """The one bearer key. There is no default: a service without a key does not start."""
    database_url: SecretStr
    public_ingest_url: str = "http://127.0.0.1:8001"
    public_status_url: str = "http://127.0.0.1:8002"
    waits_limit: int = Field(default=200, ge=0)
    """Answers held back at the same time in one process (`Prefer: wait=N`); one more comes at once."""
    wait_limit_seconds: int = Field(default=60, ge=1, le=600)
    """The longest that an answer is held back."""


_S = TypeVar("_S", bound=BaseSettings)


def load_settings(model: type[_S]) -> _S:
    """Read the environment, or exit with status 2 and a line for each wrong or missing variable."""
    try:
        return model()
    except ValidationError as exc:
        for error in exc.errors(include_input=False):
            name = ".".join(str(part) for part in error["loc"]).upper() or "settings"
            sys.stderr.write(f"{name}: {error['msg']}\n")
        sys.exit(2)
