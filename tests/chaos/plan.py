"""What a campaign does and when, drawn from its seed alone (pure): the same arguments give the same plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

SERVICES = ("ingest", "splitter", "extractor", "merger", "projector", "webhooks", "status-api")
REPLICAS = 2
SERVERS = ("kafka", "postgres", "store")
FREEZE_SECONDS = 20.0
_WORDS = (700, 5_000)  # of a book: 1 to 5 chunks


class Kind(StrEnum):
    """What can happen: the first three to a replica, BOTH to a service, the rest to a server or to the way to it."""

    KILL = "kill -9"
    TERM = "SIGTERM"
    FREEZE = "SIGSTOP"
    BOTH = "kill -9 of both"
    CRASH = "kill -9 of"
    CUT = "cut to"
    STALL = "silence to"
    SLOW = "latency to"


_TO_A_REPLICA = (Kind.KILL, Kind.TERM, Kind.FREEZE)


@dataclass(frozen=True)
class Fault:
    """`seconds` is how long it lasts: until a replica is started again or continued, a server back, a way clear."""

    at_seconds: float
    kind: Kind
    target: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.at_seconds:6.1f} s  {self.kind} {self.target} for {self.seconds:.1f} s"


@dataclass(frozen=True)
class Story:
    """One job and its user. Times are from the upload's answer; None is never. A user who retries clicks twice
    now and then.
    """

    number: int
    upload_at_seconds: float
    words: int
    cancel_after_seconds: float | None
    delete_after_seconds: float | None
    retries: int
    double_click: bool

    def __str__(self) -> str:
        acts = [f"upload {self.words} words"]
        if self.cancel_after_seconds is not None:
            acts.append(f"cancel after {self.cancel_after_seconds:.1f} s")
        if self.delete_after_seconds is not None:
            acts.append(f"delete after {self.delete_after_seconds:.1f} s")
        if self.retries:
            acts.append(f"retry up to {self.retries} times" + (", clicking twice" if self.double_click else ""))
        return f"{self.upload_at_seconds:6.1f} s  book {self.number}: {', '.join(acts)}"


@dataclass(frozen=True)
class Plan:
    seed: int
    seconds: float
    faults: tuple[Fault, ...]
    stories: tuple[Story, ...]

    def __str__(self) -> str:
        moments: list[Fault | Story] = sorted([*self.faults, *self.stories], key=_moment)
        return "\n".join(str(moment) for moment in moments)


def draw_plan(seed: int, minutes: float, *, jobs_per_minute: float = 8.0, gap_seconds: float = 8.0) -> Plan:
    """`gap_seconds` lie between two faults on average. All kinds come up before one comes again."""
    seconds = minutes * 60
    faults = tuple(_faults(Random(f"faults {seed}"), seconds, gap_seconds))
    stories = _stories(Random(f"stories {seed}"), seconds, max(2, round(minutes * jobs_per_minute)))
    return Plan(seed, seconds, faults, stories)


def label(service: str, replica: int) -> str:
    return f"{service}-{replica}" if replica else service


def _faults(random: Random, seconds: float, gap: float) -> Iterator[Fault]:
    at = random.uniform(gap / 2, gap)
    deck: list[tuple[Kind, str]] = []
    while at < seconds:
        if not deck:
            deck = _deck()
            random.shuffle(deck)
        kind, target = deck.pop()
        yield _fault(random, at, kind, target)
        at += random.uniform(gap / 2, 1.5 * gap)


def _deck() -> list[tuple[Kind, str]]:
    """Each kind for each of its targets. The ways that end work in the middle come up more often."""
    of_services = [(kind, name) for name in SERVICES for kind in _TO_A_REPLICA]
    again = [(Kind.KILL, "extractor"), (Kind.TERM, "extractor"), (Kind.KILL, "merger")]
    again += [(Kind.BOTH, name) for name in SERVICES]
    of_servers = [(kind, name) for name in SERVERS for kind in (Kind.CRASH, Kind.STALL, Kind.SLOW, Kind.CUT)]
    return of_services + again + of_servers


def _fault(random: Random, at: float, kind: Kind, target: str) -> Fault:
    if kind in _TO_A_REPLICA:
        down = FREEZE_SECONDS if kind is Kind.FREEZE else random.uniform(0.5, 4.0)
        return Fault(at, kind, label(target, random.randrange(REPLICAS)), down)
    if kind is Kind.CUT:
        victim = label(random.choice(SERVICES), random.randrange(REPLICAS))
        return Fault(at, kind, f"{target} of {victim}", random.uniform(0.0, 6.0))
    longest = {Kind.BOTH: 4.0, Kind.CRASH: 8.0, Kind.STALL: 8.0, Kind.SLOW: 20.0}[kind]
    return Fault(at, kind, target, random.uniform(1.0, longest))


def _stories(random: Random, seconds: float, jobs: int) -> tuple[Story, ...]:
    last = max(seconds - 20.0, seconds / 2)
    return tuple(_story(random, number, last * number / jobs) for number in range(jobs))


def _story(random: Random, number: int, at: float) -> Story:
    cancels = random.random() < 0.25
    deletes = random.random() < 0.15
    return Story(
        number=number,
        upload_at_seconds=at,
        words=int(random.triangular(*_WORDS, 2_000)),
        cancel_after_seconds=random.expovariate(1 / 8.0) if cancels else None,
        delete_after_seconds=random.expovariate(1 / 20.0) if deletes else None,
        retries=random.choice((0, 1, 2, 3)),
        double_click=random.random() < 0.3,
    )


def _moment(each: Fault | Story) -> float:
    return each.at_seconds if isinstance(each, Fault) else each.upload_at_seconds
