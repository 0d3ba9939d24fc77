"""Does what a plan says to a system, and undoes it when its time is over."""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from tests.chaos.plan import Fault, Kind
from tests.chaos.system import Replica, System

_SLOW_SECONDS = 0.1  # for each piece of bytes, in both directions
_CUT_EVERY_SECONDS = 1.0
_SESSION_SECONDS = 5.0  # a shorter silence costs nobody its session of 8 s, of which a heartbeat may have used 2
_LOST_AFTER_SECONDS = 30.0  # so long after its end a fault of the broker may still cost a member its partitions


@dataclass
class Storm:
    """Call `blow` several times a second until it says that all is over. From the main thread."""

    system: System
    faults: tuple[Fault, ...]
    done: Counter[str] = field(default_factory=Counter)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)

    def begin(self) -> None:
        self._began_at = time.monotonic()
        for fault in self.faults:
            self._at(self._began_at + fault.at_seconds, lambda fault=fault: self._strike(fault))  # type: ignore[misc]

    def blow(self) -> bool:
        """Do what is due. False when nothing is left."""
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        return bool(self._due)

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._number), act))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(time.monotonic() + seconds, act)

    def _strike(self, fault: Fault) -> None:
        acts = {
            Kind.KILL: self._end,
            Kind.TERM: self._end,
            Kind.FREEZE: self._freeze,
            Kind.BOTH: self._end_both,
            Kind.CRASH: self._crash,
            Kind.CUT: self._cut,
            Kind.STALL: self._silence,
            Kind.SLOW: self._slow,
        }
        self.system.note(f"FAULT {fault}")
        acts[fault.kind](fault)

    def _count(self, fault: Fault, *, happened: bool = True) -> None:
        self.done[
            f"{fault.kind} {fault.target.split('-')[0].partition(' of ')[0]}" if happened else "not possible"
        ] += 1

    def _end(self, fault: Fault) -> None:
        replica = self.system.replicas[fault.target]
        possible = replica.may_be_struck
        if possible:
            replica.end(fault.kind.value, fault.seconds)
        self._count(fault, happened=possible)

    def _end_both(self, fault: Fault) -> None:
        replicas = [each for each in self.system.replicas.values() if each.service.name == fault.target]
        struck = [each for each in replicas if each.may_be_struck]
        for replica in struck:
            replica.end(Kind.KILL.value, fault.seconds)
        self._count(fault, happened=len(struck) == len(replicas))

    def _freeze(self, fault: Fault) -> None:
        replica = self.system.replicas[fault.target]
        possible = replica.may_be_struck
        if possible:
            replica.freeze()
            self._later(fault.seconds, lambda: self._thaw(replica))
        self._count(fault, happened=possible)

    def _thaw(self, replica: Replica) -> None:
        replica.thaw()
        self.system.note(f"{replica.label} goes on")

    def _crash(self, fault: Fault) -> None:
        server = self.system.servers[fault.target]
        server.kill()
        self._later(fault.seconds, lambda: self._revive(fault))
        self._count(fault)

    def _revive(self, fault: Fault) -> None:
        self.system.servers[fault.target].spawn()
        self.system.note(f"{fault.target} started again")
        self._lose_partitions(fault)

    def _cut(self, fault: Fault) -> None:
        server, _, victim = fault.target.partition(" of ")
        until = time.monotonic() + fault.seconds

        def cut() -> None:
            replica = self.system.replicas[victim]
            if replica.runs:
                self.system.net.cut(server, replica.service.pid)
            if time.monotonic() < until:
                self._later(_CUT_EVERY_SECONDS, cut)

        cut()
        self._lose_partitions(fault, victim)
        self._count(fault)

    def _silence(self, fault: Fault) -> None:
        self.system.net.silence(fault.target, silent=True)
        self._later(fault.seconds, lambda: self.system.net.silence(fault.target, silent=False))
        self._lose_partitions(fault)
        self._count(fault)

    def _slow(self, fault: Fault) -> None:
        self.system.net.slow(fault.target, _SLOW_SECONDS)
        self._later(fault.seconds, lambda: self.system.net.slow(fault.target, 0.0))
        self._count(fault)

    def _lose_partitions(self, fault: Fault, victim: str | None = None) -> None:
        """Note for the count of payments that members may have been without their broker. A store that is away costs
        nothing: who was answered waits for it.
        """
        if not fault.target.startswith("kafka") or (fault.kind is Kind.STALL and fault.seconds < _SESSION_SECONDS):
            return
        now = time.time()
        for replica in self.system.replicas.values():
            if victim in (None, replica.label):
                replica.life.lost.append((now - fault.seconds, now + _LOST_AFTER_SECONDS, f"{fault.kind} kafka"))
