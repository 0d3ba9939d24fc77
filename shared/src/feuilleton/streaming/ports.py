"""What services need of the broker."""

from typing import Protocol

from feuilleton.contracts.events import Message


class Publisher(Protocol):
    """Sends messages and waits until they are durable."""

    async def publish(self, message: Message) -> None:
        """Return when all in-sync replicas hold the message.

        Raises BrokerUnavailableError when it certainly was not sent, PublishUnknownError when that cannot
        be known (the caller sends the same message again: ids are deterministic), InvalidInputError when the
        broker will never take it (too large).
        """
        ...

    async def publish_all(self, messages: list[Message]) -> None:
        """Publish many at once, any order between partitions, list order within one. Errors as `publish`;
        on an error some of them may stand in the log.
        """
        ...

    async def check(self) -> None:
        """Raise BrokerUnavailableError unless the broker answers a metadata request now."""
        ...
