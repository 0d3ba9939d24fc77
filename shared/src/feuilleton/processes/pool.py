"""Killable, recycled subprocesses with a memory and a time limit, for work on hostile input.

pebble does the pool, the time limit and the recycling; this adds limits inside the child, asyncio, and our
errors. `spawn` rather than `fork`: the parent has threads and sockets that a child must not inherit.
"""

import asyncio
import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from feuilleton.contracts.errors import TransientError
from feuilleton.observability import metrics

_PR_SET_PDEATHSIG = 1
_WARM_UP_SECONDS = 120.0
log = structlog.get_logger(__name__)
_R = TypeVar("_R")


class WorkerDiedError(TransientError):
    """The subprocess died under the task (killed by the kernel, out of memory, a crash in C). It may be the
    input's fault: a caller counts tries.
    """

    code = "worker_died"


class WorkerTimeoutError(TransientError):
    """The task passed its time limit and its subprocess was killed."""

    code = "worker_timeout"


@dataclass(frozen=True)
class Limits:
    """`memory_bytes` bounds the address space of a child; `max_tasks` is when it is replaced (0: never)."""

    workers: int
    memory_bytes: int
    max_tasks: int = 0


class IsolatedPool:
    """A pool of subprocesses. `start` brings them up ahead of the first task, so that imports and models are
    loaded; a child that dies is replaced. Tasks and answers are pickled: plain data only.
    """

    def __init__(self, limits: Limits, initializer: Callable[[], None] | None = None) -> None:
        self._limits = limits
        self._initializer = initializer
        self._pool = self._new_pool()
        self._stopped = False

    async def start(self) -> None:
        """Return when every worker has run its initializer (one task each, all at once)."""
        warm = [self.run(_ready, timeout_seconds=_WARM_UP_SECONDS) for _ in range(self._limits.workers)]
        await asyncio.gather(*warm)

    async def run(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R:
        """Run `func` in a child. The time limit counts from when a child takes the task up, not from the call.

        Raises WorkerDiedError, WorkerTimeoutError, MemoryError, and what `func` raises. Cancelling kills the child.
        """
        pool = self._pool
        try:
            future = pool.schedule(func, args=args, timeout=timeout_seconds)
        except RuntimeError as exc:  # pebble's word for a pool that broke since the last task: no fault of this one
            if self._stopped:
                raise WorkerDiedError("the pool is stopped") from exc
            self._replace(pool)
            pool = self._pool
            future = pool.schedule(func, args=args, timeout=timeout_seconds)
        try:
            result: _R = await asyncio.wrap_future(future)
        except FutureTimeoutError as exc:
            metrics.WORKERS_DIED.labels("timeout").inc()
            raise WorkerTimeoutError(f"over {timeout_seconds:g} s") from exc
        except ProcessExpired as exc:
            metrics.WORKERS_DIED.labels("died").inc()
            raise WorkerDiedError(f"exit code {exc.exitcode}") from exc
        except BrokenProcessPool as exc:
            self._replace(pool)
            raise WorkerDiedError("the pool broke") from exc
        return result

    async def stop(self) -> None:
        """End all children at once; tasks that run are lost."""
        self._stopped = True
        self._pool.stop()
        await asyncio.to_thread(self._pool.join, 5)

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._limits.workers,
            max_tasks=self._limits.max_tasks,
            initializer=partial(_confine, self._limits.memory_bytes, os.getpid(), self._initializer),
            context=multiprocessing.get_context("spawn"),
        )

    def _replace(self, broken: ProcessPool) -> None:
        """Pebble gives a whole pool up when a child dies between two tasks; the next task gets a new one."""
        if self._pool is broken:
            metrics.WORKERS_DIED.labels("idle").inc()
            log.warning("worker_pool_replaced")
            self._pool = self._new_pool()
            broken.stop()
            # Only joining ends the children that are left; it waits, so it has a thread of its own.
            Thread(target=broken.join, args=(5,), daemon=True).start()


def _ready() -> None:
    return None


def _confine(memory_bytes: int, parent: int, initializer: Callable[[], None] | None) -> None:
    """First thing in a child: die with the parent, keep to the memory limit, leave signals to the parent."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the line above
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if initializer is not None:
        initializer()
