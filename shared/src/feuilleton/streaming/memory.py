"""The publisher of unit tests: keeps what was published, fails when told to."""

from typing import TypeVar

from feuilleton.contracts.events import EventData, Message, parse

_E = TypeVar("_E", bound=EventData)


class MemoryPublisher:
    """Publisher that appends to `messages`; with `fail_with` set, a publish raises it and keeps nothing."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.fail_with: Exception | None = None

    async def publish(self, message: Message) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.messages.append(message)

    async def publish_all(self, messages: list[Message]) -> None:
        for message in messages:
            await self.publish(message)

    async def check(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with

    def of(self, model: type[_E]) -> list[_E]:
        """The data of all published messages of one type, in order."""
        events = [parse(m.value, m.headers).data for m in self.messages]
        return [event for event in events if isinstance(event, model)]
