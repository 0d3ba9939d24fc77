import errno
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from feuilleton.contracts.errors import InvalidInputError, PublishUnknownError, StoreUnavailableError
from feuilleton.contracts.events import JobMerging, Origin, Received, to_message
from feuilleton.contracts.topics import DEAD_LETTERS
from feuilleton.observability import metrics
from feuilleton.streaming.dead_letter import DeadLetterLimit, DeadLetters
from feuilleton.streaming.memory import MemoryPublisher
from feuilleton.streaming.runner import MessageRunner
from tests.strategies import JOB, TENANT


@dataclass
class ARecord:
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    topic: str = "uploads"
    partition: int = 2
    offset: int = 7
    key: bytes | None = b"k"


def a_record() -> ARecord:
    message = to_message(JobMerging(job=JOB, tenant=TENANT), source="tests", traceparent="")
    return ARecord(message.value, message.headers)


class StoppedError(BaseException):
    """Stands for the end of the process."""


def stop() -> None:
    raise StoppedError


class AHandler:
    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.handled: list[Received] = []
        self.replaced: list[tuple[Origin, str]] = []

    async def handle(self, received: Received) -> None:
        self.handled.append(received)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:  # noqa: ARG002  (the protocol)
        self.replaced.append((origin, code))


def a_runner(handler: AHandler, publisher: MemoryPublisher, patience: float = 5.0) -> MessageRunner:
    letters = DeadLetters(publisher, service="tests")
    return MessageRunner(
        handler,
        letters,
        patience_seconds=patience,
        stop=stop,  # type: ignore[arg-type]
        limit_shown_seconds=0.0,
    )


async def test_a_good_message_is_handled_once() -> None:
    handler, publisher = AHandler(), MemoryPublisher()
    await a_runner(handler, publisher).run_message(a_record())
    assert len(handler.handled) == 1
    assert publisher.messages == []


@pytest.mark.heavy
async def test_a_passing_fault_is_tried_again() -> None:
    handler, publisher = AHandler(StoreUnavailableError(), StoreUnavailableError()), MemoryPublisher()
    await a_runner(handler, publisher).run_message(a_record())
    assert len(handler.handled) == 3


async def test_a_full_disk_is_no_fault_of_the_message() -> None:
    """Whoever makes room sees the job go on; ended as internal_error, every book that comes meanwhile is lost."""
    handler, publisher = AHandler(OSError(errno.ENOSPC, "No space left on device")), MemoryPublisher()
    await a_runner(handler, publisher).run_message(a_record())
    assert len(handler.handled) == 2
    assert handler.replaced == []


async def test_a_fault_that_does_not_pass_ends_the_process_without_acknowledging() -> None:
    handler, publisher = AHandler(*[StoreUnavailableError()] * 50), MemoryPublisher()
    with pytest.raises(StoppedError):
        await a_runner(handler, publisher, patience=0.5).run_message(a_record())
    assert publisher.messages == []


@pytest.mark.parametrize(
    ("fault", "code"), [(InvalidInputError(code="damaged"), "damaged"), (KeyError("a bug"), "internal_error")]
)
async def test_a_message_that_never_works_is_replaced_and_then_dead_lettered(fault: Exception, code: str) -> None:
    handler, publisher = AHandler(fault), MemoryPublisher()
    await a_runner(handler, publisher).run_message(a_record())
    assert handler.replaced == [(Origin(JOB, TENANT, 1), code)]
    (letter,) = publisher.messages
    assert letter.topic == DEAD_LETTERS.name
    assert dict(letter.headers)["dl-reason"] == code.encode()
    assert (dict(letter.headers)["dl-partition"], dict(letter.headers)["dl-offset"]) == (b"2", b"7")


async def test_poison_is_replaced_by_what_its_headers_tell() -> None:
    handler, publisher = AHandler(), MemoryPublisher()
    await a_runner(handler, publisher).run_message(ARecord(b"poison", a_record().headers))
    assert handler.handled == []
    assert handler.replaced == [(Origin(JOB, TENANT, 1), "poison_message")]
    assert publisher.messages[0].value == b"poison"


async def test_poison_without_an_owner_is_only_dead_lettered() -> None:
    handler, publisher = AHandler(), MemoryPublisher()
    await a_runner(handler, publisher).run_message(ARecord(None))
    assert handler.replaced == []
    assert len(publisher.messages) == 1


async def test_a_consumer_that_would_dead_letter_everything_stops_instead() -> None:
    handler, publisher = AHandler(), MemoryPublisher()
    runner = a_runner(handler, publisher)
    for _ in range(DeadLetterLimit().grace):
        await runner.run_message(ARecord(b"poison"))
    with pytest.raises(StoppedError):
        await runner.run_message(ARecord(b"poison"))
    assert len(publisher.messages) == DeadLetterLimit().grace
    assert metrics.DEAD_LETTER_LIMIT.labels("tests")._value.get() == 1, "and says so to who scrapes"


async def test_what_is_over_the_limit_is_not_replaced_either() -> None:
    handler, publisher = AHandler(), MemoryPublisher()
    runner = a_runner(handler, publisher)
    for number in range(DeadLetterLimit().grace):
        await runner.run_message(ARecord(b"poison", a_record().headers, offset=number))
    with pytest.raises(StoppedError):
        await runner.run_message(ARecord(b"poison", a_record().headers, offset=99))
    assert len(handler.replaced) == DeadLetterLimit().grace


def test_the_limit_forgives_poison_among_good_messages() -> None:
    limit = DeadLetterLimit()
    assert all(limit.note(dead=number % 3 == 0) for number in range(1000))


async def test_the_tries_of_an_outage_do_not_count_as_letters() -> None:
    publisher = MemoryPublisher()
    letters = DeadLetters(publisher, service="tests", limit=DeadLetterLimit(grace=2))
    publisher.fail_with = PublishUnknownError()
    for _ in range(10):
        with pytest.raises(PublishUnknownError):
            await letters.send(a_record(), "poison_message")
    publisher.fail_with = None
    await letters.send(a_record(), "poison_message")
    assert len(publisher.messages) == 1
