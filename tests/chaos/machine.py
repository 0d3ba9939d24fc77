"""Memory and file descriptors of the services' processes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from tests.chaos.checks import Check, check
from tests.chaos.plan import REPLICAS, SERVICES, label
from tests.chaos.system import System

# A fresh process grows as it warms up; what leaks under faults does so with each of them.
_MORE_MEMORY = 1.3
_MORE_BYTES = 32 * 1024**2
_MORE_FILES = 24


@dataclass(frozen=True)
class Size:
    """Of one service: the larger of its replicas, each with its subprocesses. `files` is that of the process alone."""

    memory_bytes: int
    files: int


def measure(system: System) -> dict[str, Size]:
    sizes = {}
    for name in SERVICES:
        each = [_size(system.replicas[label(name, number)].service.pid) for number in range(REPLICAS)]
        sizes[name] = Size(max(one.memory_bytes for one in each), max(one.files for one in each))
    return sizes


def check_sizes(before: Mapping[str, Size], after: Mapping[str, Size]) -> Check:
    return check("memory and files are back where they began", len(before), list(_grown(before, after)))


def _grown(before: Mapping[str, Size], after: Mapping[str, Size]) -> Iterator[str]:
    for name, was in before.items():
        now = after[name]
        if now.memory_bytes > was.memory_bytes * _MORE_MEMORY + _MORE_BYTES:
            yield f"{name}: {now.memory_bytes / 2**20:.0f} MB, was {was.memory_bytes / 2**20:.0f} MB"
        if now.files > was.files + _MORE_FILES:
            yield f"{name}: {now.files} open files, was {was.files}"


def _size(pid: int) -> Size:
    process = psutil.Process(pid)
    memory = process.memory_info().rss
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            memory += child.memory_info().rss
    return Size(memory, process.num_fds())
