"""What a user can choose for a job. Frozen at admission and carried by every message."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_PAGE = 100_000


class EngineChoice(StrEnum):
    AUTO = "auto"
    GEMINI = "gemini"
    OPENAI = "openai"
    LOCAL = "local"


class Engine(StrEnum):
    """The engine that a job uses, decided once at admission (`auto` is resolved there)."""

    GEMINI = "gemini"
    OPENAI = "openai"
    LOCAL = "local"


class ModelTier(StrEnum):
    BALANCED = "balanced"
    QUALITY = "quality"
    SPEED = "speed"


class Confidence(StrEnum):
    """How sure the local engine must be of a card: more cards, or fewer wrong ones (docs/quality.md has the shares)."""

    BALANCED = "balanced"
    STRICT = "strict"


class PageRange(BaseModel):
    """Pages `first` to `last`, 1-based, both included; `last` None means to the end of the book."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    first: int = Field(default=1, ge=1, le=MAX_PAGE)
    last: int | None = Field(default=None, ge=1, le=MAX_PAGE)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("the last page comes before the first")
        return self

    @classmethod
    def parse(cls, text: str) -> "PageRange":
        """`7`, `3-20`, `3-` or `-20`. Raises ValueError on anything else."""
        head, dash, tail = (part.strip() for part in text.partition("-"))
        if not all(part.isascii() and part.isdigit() for part in (head, tail) if part) or not (head or tail):
            raise ValueError("pages must look like 7, 3-20, 3- or -20")
        if not dash:
            return cls(first=int(head), last=int(head))
        return cls(first=int(head) if head else 1, last=int(tail) if tail else None)

    def numbers(self, count: int) -> range:
        """The 1-based page numbers that this range takes of a book of `count` pages."""
        last = count if self.last is None else min(self.last, count)
        return range(self.first, last + 1)


class JobSettings(BaseModel):
    """Settings of one job. Lengths are words: whitespace tokens that hold a letter or a digit.

    `complete_only` leaves out the book's own sentences that hold no conjugated verb (flag `fragment`).
    `include_matter` reads what stands around the story too: preface, notes, what the publisher adds.
    A field that a newer service added is ignored here; ingest refuses one that nobody knows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    sentence_length_limit: int = Field(default=8, ge=3, le=50)
    min_sentence_length: int = Field(default=2, ge=1, le=10)
    ignore_dialogue: bool = False
    complete_only: bool = False
    include_matter: bool = False
    preserve_formatting: bool = True
    fix_hyphenation: bool = True
    model: ModelTier = ModelTier.BALANCED
    engine: EngineChoice = EngineChoice.AUTO
    confidence: Confidence = Confidence.BALANCED
    pages: PageRange | None = None

    @field_validator("pages", mode="before")
    @classmethod
    def _read_pages(cls, value: object) -> object:
        return PageRange.parse(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _minimum_below_limit(self) -> Self:
        if self.min_sentence_length > self.sentence_length_limit:
            raise ValueError("min_sentence_length must not be above sentence_length_limit")
        return self
