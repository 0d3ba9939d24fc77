"""The extractor's settings: the only reader of its environment."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr

from feuilleton.contracts.models import ModelTerms
from feuilleton.settings import CommonSettings


class Ocr(StrEnum):
    """Whether pages without text are read on this machine, for engines that cannot see."""

    AUTO = "auto"  # where tesseract is installed with its data of French
    OFF = "off"


class Settings(CommonSettings):
    gemini_api_key: SecretStr | None = None
    """Without it there is no Gemini engine here: its chunks fail with `engine_not_configured`."""
    gemini_base_url: str | None = None
    gemini_calls: int = Field(default=64, ge=1, le=1000)
    """Calls to Gemini in flight, in this process."""
    gemini_timeout_seconds: float = Field(default=120.0, gt=0)
    openai_base_url: str | None = Field(default=None, pattern=r"^https?://")
    """A server that speaks OpenAI's protocol, with its /v1; without it there is no such engine here."""
    openai_api_key: SecretStr | None = None
    """Servers on one's own machine mostly need none."""
    openai_calls: int = Field(default=8, ge=1, le=1000)
    openai_timeout_seconds: float = Field(default=300.0, gt=0)
    model_terms: dict[str, ModelTerms] = Field(default_factory=dict)
    """Rows of the price table to change or add, as JSON: {"a-model": {"prompt_usd": 0.1, "output_usd": 0.4}}."""
    local_workers: int = Field(default=2, ge=0, le=64)
    """Subprocesses of the local engine, and chunks that it works on at a time; 0 switches it off."""
    local_worker_memory_bytes: int = Field(default=2 * 1024**3, ge=512 * 1024**2)
    """Address space of one such subprocess."""
    ocr: Ocr = Ocr.AUTO
    ocr_pages: int = Field(default=2, ge=1, le=64)
    """Pages read at a time, one core each."""
    tessdata_prefix: Path | None = None
    """Folder of tesseract's languages, where it is not the usual one."""
    window_bytes: int = Field(default=64 * 1024**2, ge=1024**2)
    """Messages held in memory, waiting or at work."""
    chunk_deadline_seconds: float = Field(default=30 * 60.0, gt=0)
    """From a chunk's first call, waits for quota excluded."""
    session_seconds: float = Field(default=8.0, ge=6.0, le=60.0)
    """A member silent for so long loses its partitions; no model call starts after half of it without an answer."""
    handover_seconds: float = Field(default=180.0, ge=0)
    """How long a member works on at chunks whose partitions a rebalance took, and their new owner waits for it. Longer
    than a call may take; who is killed within it keeps those chunks waiting for as long."""
    drain_seconds: float = Field(default=20.0, ge=0)
    """How long a stop waits for calls in flight. Keep it below the platform's grace time."""
