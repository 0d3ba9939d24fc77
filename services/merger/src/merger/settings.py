"""The merger's settings: the only reader of its environment."""

from pydantic import Field

from feuilleton.settings import CommonSettings
from merger.fan_in import DEFAULT_CACHED_CHUNKS


class Settings(CommonSettings):
    merger_cached_chunks: int = Field(default=DEFAULT_CACHED_CHUNKS, ge=0)
    """Chunks of the attempts whose fan-in is kept in memory; 0 asks the store each time."""
