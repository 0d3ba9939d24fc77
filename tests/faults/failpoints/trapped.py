"""A service that runs as it always does until a test has it die at a point of its work."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.topics import Topic
from tests.faults.failpoints.broker import Broker, until
from tests.faults.failpoints.trap import FOLDER_VARIABLE, Lever, Point
from tests.stack import Service, Stack

LAUNCHER = ("tests.faults.failpoints",)


@dataclass(frozen=True)
class Trapped:
    """`group` is the consumer group of which the process is the only member, `topics` what it reads there."""

    service: Service
    lever: Lever
    broker: Broker
    group: str
    topics: Sequence[Topic]

    @classmethod
    def add(cls, stack: Stack, name: str, broker: Broker, group: str, topics: Sequence[Topic]) -> "Trapped":
        """A service that is not started yet."""
        folder: Path = stack.folder / f"trap-{name}"
        service = stack.add(name)
        service.env[FOLDER_VARIABLE] = str(folder)
        service.launcher = LAUNCHER
        return cls(service, Lever.in_folder(folder), broker, group, topics)

    def die_at(self, point: Point, act: Callable[[], object]) -> None:
        """Do what leads the process to the point, and see it die there."""
        self.lever.arm(point)
        act()
        self.until_dead(point)

    def until_dead(self, point: Point) -> None:
        process = self.service.process
        assert process is not None
        until(lambda: process.poll() is not None, lambda: f"the end {point}; {self.service.tail()}")
        assert process.returncode == -signal.SIGKILL, self.service.tail()
        assert self.lever.reached

    def revive(self) -> None:
        """Start it again, and wait until all that waited for it is acknowledged."""
        self.broker.evict(self.group)
        self.service.start()
        self.until_idle()

    def until_idle(self) -> None:
        self.service.wait_ready()
        until(lambda: self.broker.nothing_waits(self.group, *self.topics), f"{self.group} has read all")
