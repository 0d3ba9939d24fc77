"""The settings that every service has. Read once, in a service's main; nothing else reads the environment."""

import sys
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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


Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures by a private key that is not ours: neither `none` nor HMAC can be allowed."""


def is_private_enough(url: str) -> bool:
    """Whether nobody on the way can change what is read there: https, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"})


class OidcSettings(CommonSettings):
    """Tokens of an OIDC provider. None are taken unless issuer and audience are set."""

    oidc_issuer: str | None = None
    """As the tokens' `iss` says it, letter by letter."""
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    """Where the provider's keys are; asked for at the issuer unless set."""
    oidc_algorithms: Annotated[tuple[Algorithm, ...], NoDecode] = ("RS256", "ES256")
    oidc_clock_skew_seconds: int = Field(default=60, ge=0, le=300)
    oidc_tenant_claim: str = Field(default="tenant", min_length=1)
    oidc_role_claim: str = Field(default="role", min_length=1)
    """A text or a list; `admin` in it makes an admin of the tenant."""

    @field_validator("oidc_algorithms", mode="before")
    @classmethod
    def _split_algorithms(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _nobody_changes_the_keys(cls, value: str | None) -> str | None:
        if value is not None and not is_private_enough(value):
            raise ValueError("must begin with https://")
        return value

    @model_validator(mode="after")
    def _whole_or_off(self) -> Self:
        if (self.oidc_issuer is None) is not (self.oidc_audience is None):
            raise ValueError("OIDC_ISSUER and OIDC_AUDIENCE go together")
        if not self.oidc_algorithms:
            raise ValueError("OIDC_ALGORITHMS names none")
        return self


class ApiSettings(OidcSettings):
    """What the two HTTP services have besides."""

    api_key: SecretStr = Field(min_length=16)
    """The bootstrap key: an admin of the operator's tenant. There is no default: no deployment is open."""
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
