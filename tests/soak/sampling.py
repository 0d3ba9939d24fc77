"""What processes hold: memory, file descriptors, connections. Sampled from outside, and whether it grows."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import psutil

_PEAK_EVERY_SECONDS = 0.02
_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class Usage:
    """One look at a service: its main process, and the subprocesses below it together. Connections are those of the
    main process, by the name that was given for their port; `clients` are those that it has taken itself, and their
    descriptors do not count: how many users wait is no matter of the process.
    """

    rss_bytes: int
    descriptors: int
    threads: int
    workers: int
    workers_rss_bytes: int
    connections: Mapping[str, int]
    clients: int = 0


def look_at(pid: int, ports: Mapping[int, str], *, own_port: int = 0) -> Usage | None:
    """None where the process is gone. `ports` names the ports of servers; other connections do not count. The process
    itself listens on `own_port`.
    """
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            rss, descriptors, threads = process.memory_info().rss, process.num_fds(), process.num_threads()
        connections, clients = dict.fromkeys(ports.values(), 0), 0
        for connection in process.net_connections(kind="tcp"):
            if connection.raddr and connection.raddr.port in ports:
                connections[ports[connection.raddr.port]] += 1
            elif connection.raddr and connection.laddr.port == own_port:
                clients += 1
        below = [_rss(child) for child in process.children(recursive=True)]
    except psutil.Error:
        return None
    return Usage(rss, descriptors - clients, threads, sum(rss > 0 for rss in below), sum(below), connections, clients)


@dataclass
class Series:
    """Looks at one service, each at a time in seconds from the beginning."""

    looks: list[tuple[float, Usage]] = field(default_factory=list)

    def add(self, at_seconds: float, usage: Usage) -> None:
        self.looks.append((at_seconds, usage))

    def second_half(self) -> list[tuple[float, Usage]]:
        if not self.looks:
            return []
        middle = (self.looks[0][0] + self.looks[-1][0]) / 2
        return [(at, usage) for at, usage in self.looks if at >= middle]

    def growth_per_hour(self, of: Callable[[Usage], float]) -> float:
        """The slope of the second half by least squares, in what `of` gives an hour. The first half is warming up."""
        return _SECONDS_AN_HOUR * slope((at, of(usage)) for at, usage in self.second_half())


def slope(points: Iterable[tuple[float, float]]) -> float:
    """Of the line through the points by least squares; 0 for fewer than two places."""
    found = list(points)
    if not found:
        return 0.0
    middle_x, middle_y = sum(x for x, _ in found) / len(found), sum(y for _, y in found) / len(found)
    spread = sum((x - middle_x) ** 2 for x, _ in found)
    return sum((x - middle_x) * (y - middle_y) for x, y in found) / spread if spread else 0.0


class PeakWatch:
    """Looks at the subprocesses of this process many times a second as long as the block runs: `peak_bytes` is the
    largest that any one of them was.
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(_PEAK_EVERY_SECONDS):
            self.peak_bytes = max(self.peak_bytes, _largest(me.children(recursive=True)))


def _largest(processes: Sequence[psutil.Process]) -> int:
    return max(map(_rss, processes), default=0)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it ended meanwhile
