import asyncio

import pytest

from extractor.flights import Flights


class Work:
    """Work that a test holds in the air and lets land."""

    def __init__(self) -> None:
        self.started = 0
        self.aborted = 0
        self.landed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def fly(self) -> str:
        self.started += 1
        try:
            return await asyncio.shield(self.landed)
        except asyncio.CancelledError:
            self.aborted += 1
            raise


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_second_caller_joins_the_flight_of_the_first() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    callers = [asyncio.create_task(flights.join("k", work.fly)) for _ in range(3)]
    await settle()
    work.landed.set_result("done")
    assert await asyncio.gather(*callers) == ["done"] * 3
    assert work.started == 1
    assert len(flights) == 0


async def test_a_flight_goes_on_when_one_of_two_leaves() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    leaver, stayer = (asyncio.create_task(flights.join("k", work.fly)) for _ in range(2))
    await settle()
    leaver.cancel()
    await settle()
    assert work.aborted == 0
    work.landed.set_result("done")
    assert await stayer == "done"


async def test_the_last_to_leave_aborts_it() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    callers = [asyncio.create_task(flights.join("k", work.fly)) for _ in range(2)]
    await settle()
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await settle()
    assert work.aborted == 1


async def test_who_comes_during_an_abort_gets_a_flight_of_its_own() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    first = asyncio.create_task(flights.join("k", work.fly))
    await settle()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(flights.join("k", work.fly))
    await settle()
    work.landed.set_result("done")
    assert await second == "done"
    assert work.started == 2


async def test_every_passenger_gets_the_error() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    callers = [asyncio.create_task(flights.join("k", work.fly)) for _ in range(2)]
    await settle()
    work.landed.set_exception(LookupError("down"))
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(result, LookupError) for result in results)


async def test_closing_waits_until_all_are_down() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    caller = asyncio.create_task(flights.join("k", work.fly))
    await settle()
    await flights.close()
    assert work.aborted == 1
    with pytest.raises(asyncio.CancelledError):
        await caller
