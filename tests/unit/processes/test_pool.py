import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from feuilleton.processes.pool import IsolatedPool, Limits, WorkerDiedError, WorkerTimeoutError

pytestmark = pytest.mark.heavy


def double(number: int) -> int:
    return 2 * number


def hang() -> None:
    while True:
        time.sleep(1)


def eat_memory() -> int:
    return len([bytearray(10_000_000) for _ in range(1000)])


def die() -> None:
    os._exit(3)


def pid() -> int:
    return os.getpid()


def fail() -> None:
    raise KeyError("as the task said")


@pytest.fixture
async def pool() -> AsyncIterator[IsolatedPool]:
    made = IsolatedPool(Limits(1, 600_000_000, max_tasks=5))
    await made.start()
    yield made
    await made.stop()


async def test_a_task_runs_elsewhere_and_answers(pool: IsolatedPool) -> None:
    assert await pool.run(double, 4, timeout_seconds=10) == 8
    assert await pool.run(pid, timeout_seconds=10) != os.getpid()


async def test_a_task_over_its_time_is_killed_and_the_next_one_runs(pool: IsolatedPool) -> None:
    with pytest.raises(WorkerTimeoutError):
        await pool.run(hang, timeout_seconds=0.3)
    assert await pool.run(double, 1, timeout_seconds=10) == 2


async def test_a_task_over_its_memory_fails_alone(pool: IsolatedPool) -> None:
    with pytest.raises(MemoryError):
        await pool.run(eat_memory, timeout_seconds=20)
    assert await pool.run(double, 1, timeout_seconds=10) == 2


async def test_the_death_of_a_child_is_told_by_type(pool: IsolatedPool) -> None:
    with pytest.raises(WorkerDiedError):
        await pool.run(die, timeout_seconds=10)
    assert await pool.run(double, 1, timeout_seconds=10) == 2


async def test_what_a_task_raises_comes_through(pool: IsolatedPool) -> None:
    with pytest.raises(KeyError, match="as the task said"):
        await pool.run(fail, timeout_seconds=10)


async def test_children_are_recycled(pool: IsolatedPool) -> None:
    pids = [await pool.run(pid, timeout_seconds=10) for _ in range(12)]
    assert len(set(pids)) >= 2


async def test_cancelling_a_task_frees_its_place(pool: IsolatedPool) -> None:
    task = asyncio.create_task(pool.run(hang, timeout_seconds=100))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await pool.run(double, 3, timeout_seconds=10) == 6


async def test_the_death_of_an_idle_child_costs_the_next_task_nothing(pool: IsolatedPool) -> None:
    os.kill(await pool.run(pid, timeout_seconds=10), signal.SIGKILL)
    await asyncio.sleep(0.5)
    assert await pool.run(double, 3, timeout_seconds=10) == 6


async def test_no_child_outlives_the_pool_that_broke() -> None:
    broken = IsolatedPool(Limits(2, 600_000_000))
    await broken.start()
    pids = {child.pid for child in multiprocessing.active_children()}
    os.kill(await broken.run(pid, timeout_seconds=10), signal.SIGKILL)
    await asyncio.sleep(0.5)
    assert await broken.run(double, 3, timeout_seconds=10) == 6
    await asyncio.sleep(3)
    left = pids & {child.pid for child in multiprocessing.active_children()}
    await broken.stop()
    assert not left


async def test_a_child_that_cannot_start_is_told_by_type_and_not_waited_for() -> None:
    broken = IsolatedPool(Limits(1, 600_000_000), die)
    with pytest.raises(WorkerDiedError):
        await asyncio.wait_for(broken.start(), 30)
    await broken.stop()
