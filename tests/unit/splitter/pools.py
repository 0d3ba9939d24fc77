"""Pools for tests: one that runs its tasks here, and one whose workers die as told."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from feuilleton.processes.pool import WorkerDiedError, WorkerTimeoutError

_R = TypeVar("_R")


class InlinePool:
    """Runs each task in this process. `calls` are the names of what was run."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def run(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R:
        assert timeout_seconds > 0
        self.calls.append(func.__name__)
        await asyncio.sleep(0)
        return func(*args)


class DyingPool(InlinePool):
    """As InlinePool, but a task for which `dies` gives an exception raises that."""

    def __init__(self, dies: Callable[[str, tuple[object, ...]], Exception | None]) -> None:
        super().__init__()
        self._dies = dies

    async def run(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R:
        failure = self._dies(func.__name__, args)
        if failure is not None:
            self.calls.append(func.__name__)
            raise failure
        return await super().run(func, *args, timeout_seconds=timeout_seconds)


def on_pages(*numbers: int, slow: bool = False) -> Callable[[str, tuple[object, ...]], Exception | None]:
    """Reading or cutting any of these pages kills the worker, or takes too long."""

    def dies(name: str, args: tuple[object, ...]) -> Exception | None:
        batch = args[1] if name in {"read_pages", "cut_pages"} else ()
        hit = isinstance(batch, tuple) and not set(numbers).isdisjoint(batch)
        return (WorkerTimeoutError() if slow else WorkerDiedError()) if hit else None

    return dies
