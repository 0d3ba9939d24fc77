import asyncio

import pytest

from feuilleton.contracts.ids import JobId
from merger.locks import JobLocks

ONE, OTHER = JobId("job-1"), JobId("job-2")


async def test_one_job_waits_for_itself_and_not_for_others_and_nothing_is_left() -> None:
    locks = JobLocks()
    order: list[str] = []

    async def work(job: JobId, name: str) -> None:
        async with locks.of(job):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(work(ONE, "a"), work(ONE, "b"), work(OTHER, "c"))
    assert order.index("a ends") < order.index("b begins")
    assert order.index("c begins") < order.index("a ends")
    assert len(locks) == 0


async def test_a_lock_is_free_again_after_a_failure() -> None:
    locks = JobLocks()
    with pytest.raises(LookupError):
        async with locks.of(ONE):
            raise LookupError
    async with asyncio.timeout(1), locks.of(ONE):
        assert len(locks) == 1
