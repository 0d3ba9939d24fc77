"""The splitter's settings: the only reader of its environment."""

import tempfile
from pathlib import Path

from pydantic import Field

from feuilleton.settings import CommonSettings
from splitter.pages import ReadLimits


class Settings(CommonSettings):
    splitter_workers: int = Field(default=2, ge=1, le=64)
    """Subprocesses that read books: as many as the service has cores."""
    splitter_worker_memory_bytes: int = Field(default=2_000_000_000, ge=300_000_000)
    """Address space of each; a book that needs more ends as `too_big` or `damaged`."""
    splitter_worker_tasks: int = Field(default=200, ge=0)
    """Steps after which a subprocess is replaced (0: never)."""
    splitter_book_seconds: float = Field(default=480.0, gt=0, le=540.0)
    """Work on one book, all tries together: then it ends as `too_slow`. Below the limit of an event in Faust."""
    splitter_max_pages: int = Field(default=ReadLimits().pages, ge=1)
    splitter_max_page_characters: int = Field(default=ReadLimits().page_chars, ge=1_000)
    splitter_max_book_characters: int = Field(default=ReadLimits().book_chars, ge=1_000)
    splitter_max_book_lines: int = Field(default=ReadLimits().book_lines, ge=1_000)
    splitter_max_book_sentences: int = Field(default=ReadLimits().book_sentences, ge=1_000)
    splitter_work_folder: Path = Path(tempfile.gettempdir())
    """Takes the PDFs that are being read, one for each of the topic's 6 partitions at most."""

    @property
    def read_limits(self) -> ReadLimits:
        return ReadLimits(
            pages=self.splitter_max_pages,
            page_chars=self.splitter_max_page_characters,
            book_chars=self.splitter_max_book_characters,
            book_lines=self.splitter_max_book_lines,
            book_sentences=self.splitter_max_book_sentences,
        )
