"""Invariant 3 in figures: who paid for what, and why anything was paid for twice (pure)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.model import Call, ChunkName
from tests.chaos.system import SETTINGS, Life

HANDOVER_SECONDS = float(SETTINGS["HANDOVER_SECONDS"])
_HEARD_SECONDS = 12.0  # a process starts before it joins, and a dead one's session ends after it
_CLOCK_SECONDS = 0.5  # between the moment of an act and the one at which this program wrote it down


@dataclass(frozen=True)
class Acts:
    """What users did that lets go of work half done, by chunk's book: wall seconds. A new attempt counts too: it does
    again what had failed.
    """

    moments: Mapping[int, Sequence[tuple[float, str]]]

    def between(self, book: int, start: float, end: float) -> str | None:
        for moment, what in self.moments.get(book, ()):
            if start - _CLOCK_SECONDS <= moment <= end + _CLOCK_SECONDS:
                return what
        return None


@dataclass(frozen=True)
class Payments:
    """Every paid call is one that the undisturbed run paid for too, or a repair after an answer of no use (`repairs`),
    or pays for words that an earlier work on the chunk had paid for (`again`, by what ended that work). What is neither
    is named in `unexplained`. `after_checkpoint` are calls that began when the chunk's checkpoint stood already.
    """

    paid: int
    undisturbed: int
    repairs: int
    again: Counter[str]
    unexplained: tuple[str, ...]
    after_checkpoint: tuple[str, ...]
    unknown: int

    @property
    def bound(self) -> int:
        """Of invariant 3."""
        return self.undisturbed + self.repairs + self.again.total()


@dataclass
class _Work:
    """One process's work on one chunk, from its first question on. `spoiled`: an answer was of no use."""

    caller: str
    began_at: float
    paid: dict[bytes, Call] = field(default_factory=dict)
    times: Counter[bytes] = field(default_factory=Counter)
    spoiled: bool = False


def count_payments(
    calls: Sequence[Call],
    undisturbed: Counter[bytes],
    lives: Mapping[str, Life],
    acts: Acts,
    checkpoint_at: Callable[[ChunkName], float | None],
) -> Payments:
    again: Counter[str] = Counter()
    unexplained: list[str] = []
    repairs = 0
    for call, work, earlier in _in_works(calls):
        if unheard := _frozen_over(work.paid.get(call.digest), lives):
            again[unheard] += 1
        elif work.times[call.digest] >= undisturbed[call.digest]:
            repairs += 1
            if not work.spoiled:
                unexplained.append(f"chunk {call.chunk}: {call.caller} asked what no fault made it ask")
        elif earlier:
            cause = _under_way(call, lives) or _cause(earlier[-1], call, lives, acts)
            again[cause or "unexplained"] += 1
            if cause is None:
                unexplained.append(_described(earlier[-1], call))
    return Payments(
        paid=sum(call.paid_at is not None for call in calls),
        undisturbed=undisturbed.total(),
        repairs=repairs,
        again=again,
        unexplained=tuple(unexplained),
        after_checkpoint=tuple(_late([call for call in calls if not _under_way(call, lives)], checkpoint_at)),
        unknown=sum(call.chunk is None for call in calls if call.paid_at is not None),
    )


def _in_works(calls: Sequence[Call]) -> Iterator[tuple[Call, _Work, list[_Work]]]:
    """Each paid call, the work that it belongs to, and the earlier works that had paid for the same words."""
    works: dict[ChunkName | None, list[_Work]] = defaultdict(list)
    opening: dict[ChunkName | None, bytes] = {}
    for call in sorted(calls, key=lambda each: each.began_at):
        opens = opening.setdefault(call.chunk, call.digest) == call.digest
        known = [work for work in works[call.chunk] if work.caller == call.caller]
        work = known[-1] if known else None
        # Who asks the first question again that was answered well has begun anew.
        if work is None or (opens and call.digest in work.paid and work.paid[call.digest].fault is None):
            work = _Work(call.caller, call.began_at)
            works[call.chunk].append(work)
        if call.paid_at is not None:
            yield call, work, [each for each in works[call.chunk] if each is not work and call.digest in each.paid]
            work.paid[call.digest] = call
            work.times[call.digest] += 1
            work.spoiled = work.spoiled or call.fault is not None


def _cause(before: _Work, call: Call, lives: Mapping[str, Life], acts: Acts) -> str | None:
    """Why `call` paid for what `before` had paid for: what took the chunk out of those hands in between."""
    began = before.began_at
    holder = lives.get(before.caller)
    if holder is None:
        return None
    if holder.ended_at is not None and holder.ended_at <= call.began_at + _CLOCK_SECONDS:
        return holder.cause
    of_itself, of_servers = _losses(holder, began, call.began_at)
    if of_itself or call.chunk is None:
        return of_itself
    if call.caller != before.caller and _handed_over(began, call.began_at, lives):
        return "handover over"
    return acts.between(call.chunk[0], began, call.began_at) or of_servers


def _losses(holder: Life, began: float, until: float) -> tuple[str | None, str | None]:
    """What may have cost a process its partitions in that time: something done to it, or to a server."""
    known = [why for start, end, why in holder.lost if start <= until and end >= began]
    of_servers = [why for why in known if why.endswith("kafka")]
    of_itself = [why for why in known if why not in of_servers]
    return next(iter(of_itself), None), next(iter(of_servers), None)


def _under_way(call: Call, lives: Mapping[str, Life]) -> str | None:
    """Whether the call was in flight when its process was frozen, and reached the model as that went on."""
    holder = lives.get(call.caller)
    for _, end, why in holder.lost if holder else ():
        if why == "SIGSTOP" and 0 <= call.began_at - end < _CLOCK_SECONDS:
            return "SIGSTOP"
    return None


def _frozen_over(call: Call | None, lives: Mapping[str, Life]) -> str | None:
    """Whether the answer to a call came to a process that was frozen: as it went on, the call's time was over."""
    holder = lives.get(call.caller) if call else None
    for start, end, why in holder.lost if holder else ():
        if call and call.paid_at and why == "SIGSTOP" and call.began_at <= end and call.paid_at >= start:
            return why
    return None


def _handed_over(began: float, until: float, lives: Mapping[str, Life]) -> bool:
    """Whether members came or went while the chunk was at work, so long ago that its old owner has given it up. The
    group hears of either some seconds later.
    """
    moments = [moment for life in lives.values() for moment in (life.began_at, life.ended_at) if moment is not None]
    return any(began - _HEARD_SECONDS <= moment <= until - HANDOVER_SECONDS for moment in moments)


def _late(calls: Sequence[Call], checkpoint_at: Callable[[ChunkName], float | None]) -> list[str]:
    found = []
    for call in calls:
        stands = checkpoint_at(call.chunk) if call.chunk is not None else None
        if stands is not None and call.began_at > stands + _CLOCK_SECONDS:
            found.append(
                f"{call.caller} called for chunk {call.chunk} {call.began_at - stands:.1f} s after its checkpoint"
            )
    return found


def _described(before: _Work, call: Call) -> str:
    seconds = call.began_at - before.began_at
    return f"chunk {call.chunk}: begun by {before.caller}, and {seconds:.1f} s later the same words by {call.caller}"
