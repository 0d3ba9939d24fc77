"""The end of a task, and of an aiokafka consumer whatever its broker does."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

CLOSE_SECONDS = 5.0


async def end_task(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task of ours, if there is one, and wait for its end. Raises what it had ended with before."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


class Stoppable(Protocol):
    def stop(self) -> Awaitable[None]: ...


async def close_consumer(consumer: Stoppable, *, seconds: float = CLOSE_SECONDS) -> bool:
    """Stop a consumer. False when it did not end well in time, which costs nothing but its group's session timeout.

    While its broker is away aiokafka hangs here, or ends with the cancellation of a task of its own, which would pass
    for ours: so it runs in a task apart.
    """

    async def stop() -> None:
        await consumer.stop()

    stopping = asyncio.create_task(stop())
    done, _ = await asyncio.wait({stopping}, timeout=seconds)
    stopping.cancel()
    (result,) = await asyncio.gather(stopping, return_exceptions=True)
    return bool(done) and result is None
