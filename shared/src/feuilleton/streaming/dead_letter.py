"""Dead letters: the raw message, and headers that say why and from where it came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from feuilleton.contracts.errors import LostInvariantError
from feuilleton.contracts.events import Message
from feuilleton.contracts.topics import DEAD_LETTERS
from feuilleton.observability import metrics
from feuilleton.streaming.ports import Publisher

# Headers of a letter: why it is one, and where the message came from. Those of the message itself stand beside them.
OWN = "dl-"
REASON, SERVICE, TOPIC, PARTITION, OFFSET, KEY = (
    f"{OWN}{name}" for name in ("reason", "service", "topic", "partition", "offset", "key")
)
LIMIT_SHOWN_SECONDS = 30.0
"""A consumer at its limit stays so long, idle, before its process ends: a scrape or two must see the metric."""
log = structlog.get_logger(__name__)


class Record(Protocol):
    """Any consumer's record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class DeadLetterLimitError(LostInvariantError):
    """Nearly everything would be dead-lettered: the fault is ours, so the consumer stops and keeps its place."""

    code = "dead_letter_limit"


@dataclass
class DeadLetterLimit:
    """Pure: of the last `window` messages at most `max_share` may be dead letters, `grace` of them in any case."""

    window: int = 100
    max_share: float = 0.5
    grace: int = 20
    _recent: list[bool] = field(default_factory=list)

    def note(self, *, dead: bool) -> bool:
        """Count one message. False when the limit is passed."""
        self._recent = [*self._recent[-(self.window - 1) :], dead]
        count = sum(self._recent)
        return count <= self.grace or count <= self.max_share * len(self._recent)


class DeadLetters:
    """Sends what a consumer cannot process to dead-letters, within a limit."""

    def __init__(self, publisher: Publisher, *, service: str, limit: DeadLetterLimit | None = None) -> None:
        self._publisher = publisher
        self._service = service
        self._limit = limit or DeadLetterLimit()
        self._tried: set[tuple[str, int, int]] = set()

    def note_good(self) -> None:
        """Count a message that was understood."""
        self._limit.note(dead=False)

    def allow(self, record: Record) -> None:
        """Count the record as a letter, once however often it is tried. Call it before the fact that replaces the
        record is published: past the limit nothing may be given up any more. Raises DeadLetterLimitError.
        """
        if _place(record) in self._tried:
            return
        if not self._limit.note(dead=True):
            metrics.DEAD_LETTER_LIMIT.labels(self._service).set(1)
            raise DeadLetterLimitError(f"{self._service}: too many messages in a row cannot be processed")
        self._tried.add(_place(record))

    async def send(self, record: Record, reason: str) -> None:
        """Publish the record, await it, then its offset may pass. `reason` is an error's stable code.

        Raises DeadLetterLimitError (stop the process: nothing was sent), and what `publish` raises. A
        redelivered record makes a second letter with the same origin headers.
        """
        self.allow(record)
        origin = [
            (REASON, reason.encode()),
            (SERVICE, self._service.encode()),
            (TOPIC, record.topic.encode()),
            (PARTITION, str(record.partition).encode()),
            (OFFSET, str(record.offset).encode()),
            (KEY, record.key or b""),
        ]
        kept = [(name, value) for name, value in record.headers if not name.startswith(OWN)]
        key = record.key or b""
        message = Message(DEAD_LETTERS.name, _job_key(kept, key), record.value or b"", (*kept, *origin))
        await self._publisher.publish(message)
        self._tried.discard(_place(record))
        metrics.DEAD_LETTERS.labels(self._service, reason).inc()
        log.warning(
            "message_dead_lettered",
            reason=reason,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def _job_key(headers: Sequence[tuple[str, bytes]], key: bytes) -> bytes:
    jobs = [value for name, value in headers if name == "job"]
    return jobs[-1] if jobs else key
