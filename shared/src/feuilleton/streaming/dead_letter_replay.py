"""What stands in dead-letters, and putting it back where it came from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from feuilleton.contracts.errors import BrokerUnavailableError
from feuilleton.contracts.events import Message, Origin, header, origin_of
from feuilleton.contracts.topics import ALL_TOPICS, CHUNKS, DEAD_LETTERS
from feuilleton.streaming.closing import close_consumer
from feuilleton.streaming.dead_letter import KEY, OFFSET, OWN, PARTITION, REASON, SERVICE, TOPIC

REPLAY_OF = "replay-of"
"""Header of a message that was put back: the letter that it was. A second letter of it carries it too."""

_TOPICS = frozenset(topic.name for topic in ALL_TOPICS) - {DEAD_LETTERS.name}


@dataclass(frozen=True)
class DeadLetter:
    """One letter. `headers` and `key` are those of the message as it came; `place` is where it stood."""

    partition: int
    offset: int
    time: datetime
    reason: str
    service: str
    topic: str
    place: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    @property
    def id(self) -> str:
        return f"{self.partition}-{self.offset}"

    @property
    def origin(self) -> Origin | None:
        return origin_of(self.headers)

    @property
    def replay_of(self) -> str:
        """The letter that this message was put back from, if it was."""
        return header(self.headers, REPLAY_OF)

    @property
    def event(self) -> str:
        """What tells two letters of one message apart from two messages: the event's id, or else its place."""
        try:
            found = json.loads(self.value).get("id")
        except (ValueError, AttributeError):
            found = None
        return f"{self.topic}/{found if isinstance(found, str) else self.place}"


def read_letter(record: "ConsumerRecord[bytes, bytes]", *, prefix: str = "") -> DeadLetter:
    """A record of dead-letters. Pure. What its headers do not tell is empty."""
    topic = header(record.headers, TOPIC).removeprefix(prefix)
    headers = tuple((name, value) for name, value in record.headers if not name.startswith(OWN))
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        time=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=header(record.headers, REASON),
        service=header(record.headers, SERVICE),
        topic=topic,
        place=f"{header(record.headers, PARTITION)}-{header(record.headers, OFFSET)}",
        key=_key(record, topic),
        value=record.value or b"",
        headers=headers,
    )


def _key(record: "ConsumerRecord[bytes, bytes]", topic: str) -> bytes:
    """Letters of older versions do not keep the key; it follows from the other headers."""
    kept = [value for name, value in record.headers if name == KEY]
    if kept:
        return bytes(kept[-1])
    origin = origin_of(record.headers)
    if origin is not None and origin.index is not None and topic == CHUNKS.name:
        return f"{origin.job}/{origin.index}".encode()
    return record.key or b""


def to_replay(letters: Iterable[DeadLetter]) -> list[tuple[DeadLetter, Message]]:
    """Each message once, however many letters it made, as it came but for the header `replay-of`. Pure.

    Letters that do not say which topic of ours they came from are left out.
    """
    last = {letter.event: letter for letter in letters if letter.topic in _TOPICS}
    return [(letter, _message(letter)) for letter in last.values()]


def _message(letter: DeadLetter) -> Message:
    headers = tuple((name, value) for name, value in letter.headers if name != REPLAY_OF)
    return Message(letter.topic, letter.key, letter.value, (*headers, (REPLAY_OF, letter.id.encode())))


async def read_letters(bootstrap: str, *, prefix: str = "") -> list[DeadLetter]:
    """All letters that the topic holds now, the oldest first. Raises BrokerUnavailableError."""
    parts = [TopicPartition(prefix + DEAD_LETTERS.name, number) for number in range(DEAD_LETTERS.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        letters: list[DeadLetter] = []
        while [part for part in parts if await consumer.position(part) < ends[part]]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                letters += [read_letter(record, prefix=prefix) for record in records]
    except (KafkaError, OSError) as exc:
        raise BrokerUnavailableError(f"dead-letters cannot be read: {type(exc).__name__}") from exc
    finally:
        await close_consumer(consumer)
    return sorted(letters, key=lambda letter: (letter.time, letter.partition, letter.offset))
