"""What can be set for the local system: the only place here that reads the environment."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from feuilleton_local.failures import LocalError
from feuilleton_local.paths import PROJECT_ROOT, LocalPaths
from feuilleton_local.ports import LOOPBACK


class LocalSettings(BaseSettings):
    """Names are those of the environment, in upper case; `make up KAFKA_PORT=39092` sets one too."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    local_dir: Path = PROJECT_ROOT / ".local"
    """Where data, logs and the sockets of a run are kept."""

    kafka_bootstrap_servers: str | None = None
    """A cluster of your own, instead of the one that is started here."""
    kafka_prefix: str = ""
    database_url: str | None = None
    """A Postgres of your own, instead of the one that is started here."""
    object_store_url: str | None = None
    """s3://..., gs://... or file:///abs/path, instead of a folder in local_dir."""

    kafka_port: int = 29092
    kafka_controller_port: int = 29093
    postgres_port: int = 25432
    ingest_port: int = 8001
    status_port: int = 8002
    splitter_port: int = 8011
    extractor_port: int = 8012
    merger_port: int = 8013
    projector_port: int = 8014
    webhooks_port: int = 8015

    api_key: SecretStr | None = Field(default=None, min_length=16)
    """The bearer key of the two HTTP services; made once into local_dir/api-key when not given."""
    gemini_api_key: SecretStr | None = None
    """With it, Gemini is the engine that jobs take when they ask for none."""
    openai_base_url: str | None = None
    """A model server of your own, with its /v1: then jobs take it, unless there is Gemini."""
    engines: str | None = None
    """What jobs may use, comma-separated, the one that `auto` takes first."""
    uploads_per_hour: int = Field(default=1000, ge=0)
    """More than a deployment's 10 for each tenant: here nobody else is kept waiting."""
    monthly_credits: int = Field(default=1_000_000, ge=0)
    """More than a deployment's 50: here whoever uploads has the model's key and pays its bill."""
    public_ingest_url: str | None = None
    public_status_url: str | None = None
    log_format: str = "console"
    log_level: str = "INFO"

    @property
    def paths(self) -> LocalPaths:
        return LocalPaths(self.local_dir.absolute())

    @property
    def engines_offered(self) -> str:
        if self.engines:
            return self.engines
        models = {"gemini": self.gemini_api_key, "openai": self.openai_base_url}
        return ",".join([*(name for name, setting in models.items() if setting), "local"])

    @property
    def ingest_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ingest_port}"

    @property
    def status_url(self) -> str:
        return f"http://{LOOPBACK}:{self.status_port}"


def load_settings() -> LocalSettings:
    """Raises LocalError naming the variable that is wrong, without its value."""
    try:
        return LocalSettings()
    except ValidationError as wrong:
        first = wrong.errors(include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise LocalError(f"{name} in the environment: {first['msg']}") from None
