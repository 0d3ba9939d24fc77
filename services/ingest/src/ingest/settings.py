"""The only reader of the environment in ingest."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from feuilleton.contracts.events import RETENTION_LIMIT_DAYS
from feuilleton.contracts.job_settings import Engine, ModelTier
from feuilleton.contracts.models import ModelTerms
from feuilleton.settings import ApiSettings

MIB = 1024 * 1024


class IngestSettings(ApiSettings):
    """Bounds of one upload, and the engines that this deployment runs."""

    upload_limit_bytes: int = Field(default=200 * MIB, ge=1024)
    pages_limit: int = Field(default=5000, ge=1)
    uploads_at_once: int = Field(default=16, ge=1)
    """Bodies read at the same time by one process; one more is told to come again."""
    uploads_per_hour: int = Field(default=10, ge=0, le=1_000_000)
    """Uploads that a tenant without a number of its own may begin within an hour; refused ones count."""
    monthly_credits: int = Field(default=50, ge=0, le=10**12)
    """Credits that a tenant is given each month (UTC), at the first look in it; what is left over stays."""
    quota_bytes: int = Field(default=10 * 1024 * MIB, ge=0)
    """The most bytes of books that a tenant has stored."""
    quota_jobs: int = Field(default=100, ge=0)
    """The most jobs of a tenant that run or wait at once."""
    model_terms: dict[str, ModelTerms] = Field(default_factory=dict)
    """Rows of the table of models that are changed or added here, as JSON. The extractors read the same setting."""
    retention_days: int = Field(default=RETENTION_LIMIT_DAYS, ge=1, le=RETENTION_LIMIT_DAYS)
    """So long after its acceptance a job is removed with all its files; a tenant may have a number of its own."""
    retention_sweep_seconds: float = Field(default=600.0, gt=0)
    """How often jobs are looked for whose time is over."""
    reuse_completed: bool = True
    """Whether the same file with the same settings is answered with the tenant's completed job, at no cost."""
    body_idle_seconds: float = Field(default=30.0, gt=0)
    """The longest wait for the next piece of a body."""
    pdf_workers: int = Field(default=2, ge=1)
    pdf_memory_bytes: int = Field(default=1024 * MIB, ge=128 * MIB)
    pdf_timeout_seconds: float = Field(default=30.0, gt=0)
    engines: Annotated[tuple[Engine, ...], NoDecode] = (Engine.LOCAL,)
    """Engines that the extractors can run, comma-separated, the one that `auto` takes first."""
    model_quality: str = "gemini-3.8-flash"
    model_balanced: str = "gemini-3.5-flash-lite"
    model_speed: str = "gemini-2.5-flash-lite"
    openai_base_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where the extractors' OpenAI-compatible server is. Set, it makes `openai` one of the engines."""
    openai_model: str | None = None
    """The model's name there."""
    outbox_poll_seconds: float = Field(default=2.0, gt=0)
    stuck_sweep_seconds: float = Field(default=60.0, gt=0)
    """How often attempts without an end are looked at."""
    stuck_first_gap_seconds: float = Field(default=15 * 60.0, gt=0)
    """Nothing was heard of an attempt for so long, and nothing of it can be waiting: it is published again."""
    stuck_last_gap_seconds: float = Field(default=12 * 3600.0, gt=0)
    """The gap doubles with each publication, up to this."""
    attempt_limit_seconds: float = Field(default=72 * 3600.0, gt=0)
    """An attempt without an end that is older expires."""
    deleted_sweep_seconds: float = Field(default=3600.0, ge=0)
    """So long after a deletion the job's folder is looked at once more: a frozen process may have written late."""
    queue_limit_hours: float = Field(default=24.0, gt=0)
    """Uploads are refused while the jobs that wait would take longer than this at the rate of the last hour."""
    queue_least_rate: float = Field(default=10.0, gt=0)
    """The rate (jobs an hour) that is reckoned with in any case: after a quiet hour nothing is known of the rate."""
    barrier_seconds: float = Field(default=5.0, gt=0)
    """The longest wait of a new attempt for the end of the one before to be known here; then 503."""

    @field_validator("engines", mode="before")
    @classmethod
    def _split_engines(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())

    @field_validator("engines")
    @classmethod
    def _at_least_one(cls, value: tuple[Engine, ...]) -> tuple[Engine, ...]:
        if not value:
            raise ValueError("name at least one engine")
        return value

    @model_validator(mode="after")
    def _openai_is_whole(self) -> Self:
        if Engine.OPENAI in self.offered and not (self.openai_base_url and self.openai_model):
            raise ValueError("the engine openai needs OPENAI_BASE_URL and OPENAI_MODEL")
        return self

    @property
    def offered(self) -> tuple[Engine, ...]:
        """The engines that jobs may use, the one that `auto` takes first."""
        if self.openai_base_url is None or Engine.OPENAI in self.engines:
            return self.engines
        return (*self.engines, Engine.OPENAI)

    @property
    def models(self) -> dict[ModelTier, str]:
        return {
            ModelTier.QUALITY: self.model_quality,
            ModelTier.BALANCED: self.model_balanced,
            ModelTier.SPEED: self.model_speed,
        }
