"""Every message that crosses Kafka: one model per type, CloudEvents 1.0 structured JSON around it.

The class docstrings name producer, consumers and what a duplicate or late arrival means. The key of
every message is the job id, except on `chunks` (job id / index). Ids are deterministic: a
duplicate of a fact is recognised by its id, and order is that of offsets, never of clocks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from feuilleton.contracts import ids, topics
from feuilleton.contracts.documents import ChunkKind, SourceSentence
from feuilleton.contracts.errors import PoisonMessageError
from feuilleton.contracts.ids import JobId, ObjectKey, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings

TYPE_PREFIX = "feuilleton."
MAX_SHARE = 4
"""The longest turn of one job in an extractor, in chunks. Others wait for that at most."""
RETENTION_LIMIT_DAYS = 350
"""The longest life of a job: job-events, where its facts stand, are kept for 365 days."""
_LONGEST_NUMBER = 10


class EventData(BaseModel):
    """The data of a message. Subclasses set `type` (versioned), `topic` and `kind` (part of the id)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    topic: ClassVar[topics.Topic]
    kind: ClassVar[str]

    job: JobId
    tenant: TenantId
    attempt: int = 1

    @property
    def number(self) -> int | None:
        """The chunk index where the message is about one chunk, else None."""
        return None

    @property
    def event_id(self) -> str:
        return ids.event_id(self.job, self.attempt, self.kind, self.number)

    @property
    def key(self) -> bytes:
        return self.job.encode()


class Outcome(StrEnum):
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChunkOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"


class UploadSubmitted(EventData):
    """Order to split a book. ingest -> splitter. A duplicate publishes the stored chunks again, no more.

    `share` is how many chunks in a row the extractors take of it when its turn comes, MAX_SHARE at most.
    """

    type = "feuilleton.upload.submitted.v1"
    topic = topics.UPLOADS
    kind = "upload"
    settings: JobSettings
    engine: Engine
    model: str
    bytes: int
    sha256: str
    pages: int
    share: int = 1


class ChunkSubmitted(EventData):
    """Order to make cards of one chunk. splitter (extractor, when put back) -> extractor.

    `page_key` names the cut page of a page chunk; its `sentences` are those of a text layer of bad OCR, to be used
    where no engine can read the page, and else empty. `before` is the sentence that
    precedes the chunk, context only. `tries`, `not_before` (aware UTC), `first_call_at` and
    `quota_wait_seconds` travel with a message that is put back, so that no clock restarts. `share` is the upload's.
    A duplicate costs one read of the checkpoint, or joins the call that runs.
    """

    type = "feuilleton.chunk.submitted.v1"
    topic = topics.CHUNKS
    kind = "chunk"
    index: int
    total: int
    chunk_kind: ChunkKind
    text_hash: str
    settings: JobSettings
    engine: Engine
    model: str
    pages: tuple[int, ...]
    chapter: int = 0
    sentences: tuple[SourceSentence, ...] = ()
    before: str = ""
    page_key: ObjectKey | None = None
    tries: int = 0
    not_before: datetime | None = None
    first_call_at: datetime | None = None
    quota_wait_seconds: float = 0.0
    share: int = 1

    @property
    def number(self) -> int | None:
        return self.index

    @property
    def key(self) -> bytes:
        return f"{self.job}/{self.index}".encode()


class ChunkFigures(EventData):
    """What became of one chunk. `total` counts the job's chunks; `seconds` are of work, not of waiting."""

    index: int
    total: int
    outcome: ChunkOutcome
    code: str | None = None
    pages: tuple[int, ...]
    cards: int = 0
    tokens: int = 0
    billed_tokens: int = 0
    calls: int = 0
    seconds: float = 0.0

    @property
    def number(self) -> int | None:
        return self.index


class ChunkExtracted(ChunkFigures):
    """A chunk has a checkpoint, or a failure of this attempt. extractor -> merger. Duplicates are harmless:
    the merger asks the store, not the message, before it ends a job.
    """

    type = "feuilleton.chunk.extracted.v1"
    topic = topics.CHUNK_RESULTS
    kind = "chunk-result"


class JobAccepted(EventData):
    """A job exists. ingest -> job-events, before its upload message. Always attempt 1.

    `name` is the client's file name, for display only. `reserve` is in credits. `retention_days` counts from the
    acceptance; None (before there was such a thing) is RETENTION_LIMIT_DAYS. `share` is that of the upload.
    """

    type = "feuilleton.job.accepted.v1"
    topic = topics.JOB_EVENTS
    kind = "accepted"
    name: str
    bytes: int
    sha256: str
    pages: int
    settings: JobSettings
    engine: Engine
    model: str
    reserve: int = 0
    retention_days: int | None = None
    share: int = 1


class AttemptAccepted(EventData):
    """Attempt n >= 2 was admitted. ingest -> job-events."""

    type = "feuilleton.attempt.accepted.v1"
    topic = topics.JOB_EVENTS
    kind = "attempt"
    settings: JobSettings
    reserve: int = 0


class JobSplitting(EventData):
    """The splitter took the book. splitter -> job-events."""

    type = "feuilleton.job.splitting.v1"
    topic = topics.JOB_EVENTS
    kind = "splitting"


class JobSplit(EventData):
    """All chunks are published. splitter -> job-events. A redelivery says the same figures again."""

    type = "feuilleton.job.split.v1"
    topic = topics.JOB_EVENTS
    kind = "split"
    pages: int
    chunks: int
    source_sentences: int
    chapters: int


class ChunkFinished(ChunkFigures):
    """The merger counted one chunk. merger -> job-events, again on redelivery."""

    type = "feuilleton.chunk.finished.v1"
    topic = topics.JOB_EVENTS
    kind = "chunk-finished"


class JobMerging(EventData):
    """All chunks are in; the merger assembles. merger -> job-events."""

    type = "feuilleton.job.merging.v1"
    topic = topics.JOB_EVENTS
    kind = "merging"


class EndCounts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    pages: int = 0
    chunks: int = 0
    chunks_failed: int = 0
    source_sentences: int = 0
    represented: int = 0
    dropped: int = 0
    cards: int = 0


class JobEnded(EventData):
    """An attempt ended. splitter, merger or sweep -> job-events. THE end is the first one of its attempt by
    offset; later ends of the same attempt are ignored by everyone. `result` is the folder of cards.jsonl and
    report.json (`ids.cards_key`, `ids.report_key`), None where nothing can be served.
    `billed_tokens` are those of the whole job so far, over all attempts.
    """

    type = "feuilleton.job.ended.v1"
    topic = topics.JOB_EVENTS
    kind = "end"
    outcome: Outcome
    code: str | None = None
    counts: EndCounts = EndCounts()
    tokens: int = 0
    billed_tokens: int = 0
    result: str | None = None


class JobDeleted(EventData):
    """Every object of the job is gone: a user deleted it, or its time was over. merger -> job-events."""

    type = "feuilleton.job.deleted.v1"
    topic = topics.JOB_EVENTS
    kind = "deleted"
    bytes_freed: int


class CancelJob(EventData):
    """Command: end attempt n as cancelled. status-api -> every worker. Does not touch attempt n + 1."""

    type = "feuilleton.job.cancel.v1"
    topic = topics.JOB_CONTROL
    kind = "cancel"


class DeleteJob(EventData):
    """Command: remove the job whatever its state; sticky. status-api -> every worker."""

    type = "feuilleton.job.delete.v1"
    topic = topics.JOB_CONTROL
    kind = "delete"


class ExpireJob(EventData):
    """Command: end attempt n as failed (`expired`). ingest's sweep -> every worker."""

    type = "feuilleton.job.expire.v1"
    topic = topics.JOB_CONTROL
    kind = "expire"


class PurgeJob(EventData):
    """Command: remove the files of a job whose time is over and of which nothing runs any more. ingest's retention ->
    merger alone: the others have nothing to stop, and do not keep it in mind. A duplicate removes what is left.
    """

    type = "feuilleton.job.purge.v1"
    topic = topics.JOB_CONTROL
    kind = "purge"


Command = CancelJob | DeleteJob | ExpireJob

ALL_EVENTS: tuple[type[EventData], ...] = (
    UploadSubmitted,
    ChunkSubmitted,
    ChunkExtracted,
    JobAccepted,
    AttemptAccepted,
    JobSplitting,
    JobSplit,
    ChunkFinished,
    JobMerging,
    JobEnded,
    JobDeleted,
    CancelJob,
    DeleteJob,
    ExpireJob,
    PurgeJob,
)
_BY_TYPE: dict[str, type[EventData]] = {model.type: model for model in ALL_EVENTS}


class Envelope(BaseModel):
    """CloudEvents 1.0, structured mode."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, object]


class UnknownEventTypeError(PoisonMessageError):
    """A type that this version does not know: skipped on job-events, dead-lettered elsewhere."""

    code = "unknown_type"


@dataclass(frozen=True)
class Message:
    """What is handed to a producer. `topic` is the table's name, without the deployment's prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def to_message(data: EventData, *, source: str, traceparent: str, now: datetime | None = None) -> Message:
    """Wrap `data` for its topic. `source` is the service's name; `now` is aware UTC (default: the clock)."""
    envelope = Envelope(
        id=data.event_id,
        source=f"/feuilleton/{source}",
        type=data.type,
        subject=data.job,
        time=now or datetime.now(UTC),
        data=data.model_dump(mode="json"),
    )
    headers = [
        ("job", data.job.encode()),
        ("tenant", data.tenant.encode()),
        ("attempt", str(data.attempt).encode()),
    ]
    if data.number is not None:
        headers.append(("index", str(data.number).encode()))
    headers.append(("traceparent", traceparent.encode()))
    return Message(data.topic.name, data.key, envelope.model_dump_json().encode(), tuple(headers))


@dataclass(frozen=True)
class Received:
    """A parsed message: its data, and what it carries besides."""

    data: EventData
    event_id: str
    time: datetime
    traceparent: str


def parse(value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()) -> Received:
    """Parse raw bytes from a topic.

    Raises PoisonMessageError for what is no valid event, UnknownEventTypeError for a newer type.
    """
    if value is None:
        raise PoisonMessageError("a message without a value")
    try:
        envelope = Envelope.model_validate_json(value)
    except ValidationError as exc:
        raise PoisonMessageError(f"not a CloudEvent: {exc.error_count()} errors") from exc
    model = _BY_TYPE.get(envelope.type)
    if model is None:
        raise UnknownEventTypeError(f"unknown type {envelope.type[:100]}")
    try:
        data = model.model_validate(envelope.data)
    except ValidationError as exc:
        fields = ", ".join(".".join(map(str, error["loc"])) for error in exc.errors()[:5])
        raise PoisonMessageError(f"{model.type}: invalid {fields}") from exc
    return Received(data, envelope.id, envelope.time, header(headers, "traceparent"))


@dataclass(frozen=True)
class Origin:
    """Whose a message is, as far as its headers tell: known even where the value is poison."""

    job: JobId
    tenant: TenantId
    attempt: int
    index: int | None = None


def origin_of(headers: Iterable[tuple[str, bytes]]) -> Origin | None:
    """The origin in a message's headers, or None where they do not say."""
    entries = tuple(headers)
    job, tenant = header(entries, "job"), header(entries, "tenant")
    attempt, index = _number(header(entries, "attempt")), _number(header(entries, "index"))
    if not (job and tenant) or attempt is None:
        return None
    return Origin(JobId(job), TenantId(tenant), attempt, index)


def _number(text: str) -> int | None:
    """None also for what `int` would refuse (`²`, thousands of digits): this reads what is known to be bad."""
    return int(text) if text.isdecimal() and len(text) < _LONGEST_NUMBER else None


def header(headers: Iterable[tuple[str, bytes]], name: str) -> str:
    """The last header of that name as text, or an empty string."""
    found = [value for key, value in headers if key == name]
    return found[-1].decode(errors="replace") if found else ""
