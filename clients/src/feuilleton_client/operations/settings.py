"""Where the broker and the database are. The only reader of these variables in the client."""

from pathlib import Path
from typing import Self

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from feuilleton_client.settings import SettingsError


class OperatorSettings(BaseSettings):
    """KAFKA_BOOTSTRAP_SERVERS, KAFKA_PREFIX and DATABASE_URL, as the services have them."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_prefix: str = ""
    database_url: SecretStr | None = None

    @classmethod
    def load(cls, env_file: Path | None) -> Self:
        """Raises SettingsError."""
        if env_file is not None and not env_file.is_file():
            raise SettingsError(f"there is no env file {env_file}")
        try:
            return cls(_env_file=env_file, _env_file_encoding="utf-8")
        except ValidationError as exc:
            raise SettingsError("; ".join(str(error["loc"][0]).upper() for error in exc.errors())) from exc

    @property
    def database(self) -> str:
        """Raises SettingsError where none is named."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is missing: set it in the environment, or name a file with --env-file")
        return self.database_url.get_secret_value()
