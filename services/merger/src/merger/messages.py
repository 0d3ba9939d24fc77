"""What the message runner hands over, as calls of the merger."""

from feuilleton.contracts.errors import PoisonMessageError
from feuilleton.contracts.events import (
    CancelJob,
    ChunkExtracted,
    DeleteJob,
    ExpireJob,
    Origin,
    PurgeJob,
    Received,
)
from merger.handler import Merger

# Codes under which a message was never understood; any other is of work on a message that was.
_UNREAD = {"poison_message", "unknown_type", "unexpected_type"}


def _unexpected(received: Received) -> PoisonMessageError:
    return PoisonMessageError(f"{received.data.type} does not belong here", code="unexpected_type")


class ResultMessages:
    """Handler of chunk-results."""

    def __init__(self, merger: Merger) -> None:
        self._merger = merger

    async def handle(self, received: Received) -> None:
        if not isinstance(received.data, ChunkExtracted):
            raise _unexpected(received)
        await self._merger.record_chunk(received.data, received.traceparent)

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:
        """A result that cannot be read is counted from the store; one whose work fails ends its attempt."""
        if code in _UNREAD:
            await self._merger.recount(origin, traceparent)
        else:
            await self._merger.fail_attempt(origin, code, traceparent)


class CommandMessages:
    """Handler of job-control."""

    def __init__(self, merger: Merger) -> None:
        self._merger = merger

    async def handle(self, received: Received) -> None:
        match received.data:
            case CancelJob() as command:
                await self._merger.cancel_attempt(command, received.traceparent)
            case ExpireJob() as command:
                await self._merger.expire_attempt(command, received.traceparent)
            case DeleteJob() as command:
                await self._merger.delete_job(command, received.traceparent)
            case PurgeJob() as command:
                await self._merger.purge_job(command, received.traceparent)
            case _:
                raise _unexpected(received)

    async def replace(self, origin: Origin, code: str, traceparent: str) -> None:
        """Nothing stands for a command that cannot be read: the dead letter alone tells of it."""
        del origin, code, traceparent
