import asyncio

import pytest

from feuilleton.streaming.closing import close_consumer, end_task


async def test_a_task_is_ended_when_this_returns() -> None:
    task = asyncio.create_task(asyncio.Event().wait(), name="endless")
    await end_task(task)
    assert task.cancelled()


async def test_what_a_task_ended_with_before_is_raised() -> None:
    async def lost() -> None:
        raise OSError("lost")

    task = asyncio.create_task(lost())
    await asyncio.wait({task})
    with pytest.raises(OSError, match="lost"):
        await end_task(task)


async def test_who_waits_for_the_end_of_a_task_can_be_ended_too() -> None:
    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.1)

    task = asyncio.create_task(slow_to_end())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await end_task(task)
    await end_task(task)


async def test_a_consumer_that_stops_is_closed() -> None:
    class Good:
        async def stop(self) -> None:
            return

    assert await close_consumer(Good())


async def test_one_that_hangs_is_left_after_its_time() -> None:
    class Hanging:
        async def stop(self) -> None:
            await asyncio.Event().wait()

    assert not await close_consumer(Hanging(), seconds=0.01)


async def test_the_cancellation_of_its_own_tasks_does_not_pass_for_ours() -> None:
    class Cancelled:
        async def stop(self) -> None:
            raise asyncio.CancelledError

    assert not await close_consumer(Cancelled())
