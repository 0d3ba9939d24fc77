import asyncio

from feuilleton.streaming.closing import close_consumer


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
