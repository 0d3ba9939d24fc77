"""What the services answer. Fields that a newer server adds are ignored; unknown states count as running."""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Answered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


Item = TypeVar("Item")


class Page(Answered, Generic[Item]):
    """A part of a list; `next_cursor` is null in the last one."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class JobStatus(StrEnum):
    ACCEPTED = "accepted"
    SPLITTING = "splitting"
    EXTRACTING = "extracting"
    MERGING = "merging"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    OTHER = "other"
    """A state that this version of the client does not know."""

    @classmethod
    def _missing_(cls, _value: object) -> "JobStatus":
        return cls.OTHER

    @property
    def ended(self) -> bool:
        return self in _ENDED

    @property
    def has_cards(self) -> bool:
        """Whether it ended with a result to download."""
        return self in {JobStatus.COMPLETED, JobStatus.PARTIAL}


_ENDED = frozenset(
    {
        JobStatus.COMPLETED,
        JobStatus.PARTIAL,
        JobStatus.FAILED,
        JobStatus.CANCELLED,
        JobStatus.DELETED,
    }
)


class ChunkCounts(Answered):
    """`total` is 0 until the book is split; `failed` are among `finished`."""

    total: int = 0
    finished: int = 0
    failed: int = 0


class Job(Answered):
    """A job as of one moment, seen by its highest attempt. `eta_seconds` counts from the answer; `cards` grows
    while it runs.
    """

    id: str
    status: JobStatus
    name: str = ""
    attempt: int = 1
    progress_percent: int = 0
    eta_seconds: int | None = None
    code: str | None = None
    pages: int = 0
    engine: str = ""
    model: str = ""
    chunks: ChunkCounts = ChunkCounts()
    cards: int = 0
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    reused: bool = False
    """Answered an upload of the same file with the same settings: it was completed before, and this cost nothing."""


class Card(Answered):
    """One card with its source. `page` is 1-based; `chapter` is a title, None before the first."""

    source_id: str
    text: str
    source_text: str
    page: int
    chapter: str | None
    method: str
    flags: tuple[str, ...] = ()

    def to_line(self) -> str:
        return self.model_dump_json()


class Lemma(Answered):
    """A word with all its forms: how often it is met, on how many cards, and the first of them."""

    lemma: str
    count: int
    cards: int
    name: bool = False
    first_card: Card


class DeckCard(Card):
    """`words` are those of the list that it holds."""

    words: tuple[str, ...]


class Deck(Answered):
    """The fewest cards for a list of words. `words` counts the list without repetitions, `missing` are on no card."""

    words: int
    covered: int
    coverage: float
    missing: tuple[str, ...]
    cards: tuple[DeckCard, ...]


class JobFilter(BaseModel):
    """What a list of jobs is narrowed to: any of `statuses`, accepted from `created_after` (included) to
    `created_before`, `name` a part of the name in upper or lower case. Times are aware.
    """

    model_config = ConfigDict(frozen=True)
    statuses: tuple[str, ...] = ()
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    name: str | None = None

    def query(self) -> dict[str, str | tuple[str, ...]]:
        """As the parameters of a request."""
        times = {"created_after": self.created_after, "created_before": self.created_before}
        told = {name: moment.isoformat() for name, moment in times.items() if moment is not None}
        return {
            **({"status": self.statuses} if self.statuses else {}),
            **told,
            **({"name": self.name} if self.name else {}),
        }


class CardPage(Answered):
    """`next_cursor` is null when nothing can follow; while the attempt runs it is not, and `items` may be empty."""

    attempt: int
    items: tuple[Card, ...]
    next_cursor: str | None = None


class MissingChunk(Answered):
    index: int
    pages: tuple[int, ...]
    code: str


class LeftOut(Answered):
    """What stands around the story and was not read, by kind."""

    kind: str
    pages: tuple[int, ...]
    words: int


class Report(BaseModel):
    """The quality figures of a result. The server's further figures are kept as they came."""

    model_config = ConfigDict(frozen=True, extra="allow")
    outcome: str
    pages: int
    words: int
    source_sentences: int
    represented: int
    cards: int
    mean_card_words: float
    cards_by_method: dict[str, int]
    dropped_by_reason: dict[str, int]
    missing: tuple[MissingChunk, ...] = ()
    coverage: str = ""
    left_out: tuple[LeftOut, ...] = ()
    bad_ocr: tuple[int, ...] = ()
