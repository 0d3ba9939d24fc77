"""Dead letters read back, and the messages put back as they came."""

from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from feuilleton.contracts.events import Message, to_message
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.dead_letter_replay import DeadLetter, read_letter, to_replay
from feuilleton.streaming.memory import MemoryPublisher
from tests.seeded_books import a_book

CHUNK = a_book(1).chunks[0]


@dataclass
class Taken:
    """A record as a consumer holds it."""

    message: Message
    offset: int = 41
    topic: str = "t1-chunks"
    partition: int = 7
    extra: tuple[tuple[str, bytes], ...] = field(default=())

    @property
    def key(self) -> bytes | None:
        return self.message.key

    @property
    def value(self) -> bytes | None:
        return self.message.value

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        return (*self.message.headers, *self.extra)


def a_message() -> Message:
    return to_message(CHUNK, source="tests", traceparent=new_traceparent())


async def letters_of(*taken: Taken) -> list[DeadLetter]:
    publisher = MemoryPublisher()
    letters = DeadLetters(publisher, service="extractor")
    for record in taken:
        await letters.send(record, "poison_message")
    return [
        read_letter(
            ConsumerRecord("t1-dead-letters", 2, offset, 1000, 0, sent.key, sent.value, None, 0, 0, sent.headers),
            prefix="t1-",
        )
        for offset, sent in enumerate(publisher.messages)
    ]


async def test_a_letter_says_why_from_where_and_whose_it_is() -> None:
    (letter,) = await letters_of(Taken(a_message()))
    assert (letter.id, letter.reason, letter.service, letter.topic) == ("2-0", "poison_message", "extractor", "chunks")
    assert letter.place == "7-41"
    assert letter.origin is not None
    assert (letter.origin.job, letter.origin.index) == (CHUNK.job, 0)


async def test_a_message_is_put_back_as_it_came_key_and_all() -> None:
    message = a_message()
    (letter,) = await letters_of(Taken(message))
    ((_, back),) = to_replay([letter])
    assert (back.topic, back.key, back.value) == (message.topic, message.key, message.value)
    assert back.headers == (*message.headers, ("replay-of", b"2-0"))


async def test_a_letter_without_its_key_gets_that_of_its_chunk() -> None:
    (letter,) = await letters_of(Taken(a_message()))
    headers = tuple((name, value) for name, value in _raw(letter) if name != "dl-key")
    old = read_letter(
        ConsumerRecord("dead-letters", 0, 0, 0, 0, CHUNK.job.encode(), b"x", None, 0, 0, headers), prefix="t1-"
    )
    assert old.key == f"{CHUNK.job}/0".encode()


def _raw(letter: DeadLetter) -> list[tuple[str, bytes]]:
    return [*letter.headers, ("dl-topic", b"t1-chunks"), ("dl-reason", b"r"), ("dl-key", letter.key)]


async def test_a_message_that_made_several_letters_is_put_back_once() -> None:
    message = a_message()
    poison = Message("chunks", b"k", b"\xff no json")
    letters = await letters_of(
        Taken(message), Taken(message), Taken(message, offset=99), Taken(poison, offset=5), Taken(poison, offset=6)
    )
    assert len(to_replay(letters)) == 3, "one event, and two places of what is no event"


async def test_a_message_that_dies_again_tells_that_it_was_put_back() -> None:
    (first,) = await letters_of(Taken(a_message()))
    ((_, back),) = to_replay([first])
    (second,) = await letters_of(Taken(back))
    assert second.replay_of == first.id
    ((_, again),) = to_replay([second])
    assert [value for name, value in again.headers if name == "replay-of"] == [second.id.encode()]


async def test_a_letter_from_no_topic_of_ours_is_left_alone() -> None:
    letters = await letters_of(Taken(a_message(), topic="somebody-elses"), Taken(a_message(), topic="dead-letters"))
    assert to_replay(letters) == []
