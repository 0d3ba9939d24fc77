"""Where the services are and who is calling. The only reader of the environment."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from feuilleton_client.errors import ClientError

ENV_FILE_VARIABLE = "FEUILLETON_ENV_FILE"


class SettingsError(ClientError):
    """An address or the key is missing or malformed. The text says which and how to give it."""


class ClientSettings(BaseSettings):
    """FEUILLETON_INGEST_URL, FEUILLETON_STATUS_URL (default: the same origin) and FEUILLETON_API_KEY.

    A named env file wins over the environment, since naming it is the more deliberate act.
    """

    model_config = SettingsConfigDict(env_prefix="FEUILLETON_", frozen=True, extra="ignore")

    ingest_url: HttpUrl
    status_url: HttpUrl = Field(default=None, validate_default=False)  # type: ignore[assignment]
    api_key: SecretStr = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_origin_unless_told(cls, values: object) -> object:
        if isinstance(values, dict) and "ingest_url" in values:
            return {"status_url": values["ingest_url"], **values}
        return values

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, dotenv_settings, env_settings

    @classmethod
    def load(cls, env_file: Path | None = None) -> Self:
        """Read the env file (default: the one that FEUILLETON_ENV_FILE names, if any) and the environment.

        Raises SettingsError.
        """
        named = env_file or (Path(value) if (value := os.environ.get(ENV_FILE_VARIABLE)) else None)
        if named is not None and not named.is_file():
            raise SettingsError(f"there is no env file {named}")
        try:
            return cls(_env_file=named, _env_file_encoding="utf-8")
        except ValidationError as exc:
            raise SettingsError(_explain(exc)) from exc


def _explain(error: ValidationError) -> str:
    """Names the variables, never their values: one of them is the key."""
    wrong = ", ".join(
        f"FEUILLETON_{str(fault['loc'][0]).upper()} ({'missing' if fault['type'] == 'missing' else fault['msg']})"
        for fault in error.errors(include_input=False)
    )
    return f"{wrong}: set it in the environment, or name a file that holds it with --env-file"
