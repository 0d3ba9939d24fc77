"""Which sentences an engine is asked for, and asked again, within a budget. Pure."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine


@dataclass(frozen=True)
class RepairLimits:
    """`rounds`: how often one sentence may be asked for again. `calls`: how many calls beyond the first a chunk
    may cost. Both 0 for an engine that gives the same answer to the same question.
    """

    rounds: int = 4
    calls: int = 24

    @property
    def calls_for_refusals(self) -> int:
        """The half that faults may not spend: a model that cannot do it is given up early, while one refused sentence
        must not cost its neighbours (a refusal costs no output, and 24 calls find two in a chunk).
        """
        return self.calls // 2

    @classmethod
    def of(cls, engine: Engine) -> "RepairLimits":
        return cls(rounds=0, calls=0) if engine is Engine.LOCAL else cls()


@dataclass(frozen=True)
class Ask:
    """One call: the sentences that it is for, in book order. `round` is 0 for the first call of a chunk.
    `after_refusal`: the call before was refused. `other_model`: it goes to a second model, the last try.
    """

    wanted: tuple[SentenceId, ...]
    round: int = 0
    after_refusal: bool = False
    other_model: bool = False


class Failure(Enum):
    """Why sentences are asked for again. The value is the number of pieces that an ask is cut in.

    FAULT: their cards came out wrong or not at all. REFUSAL: nothing came for any of them, and most often one alone
    is the cause: quarters find it in half the rounds.
    """

    FAULT = 2
    REFUSAL = 4


class AskQueue:
    """The calls still to be made for one chunk. An ask leaves the queue only when it was answered, so that what
    a transient error interrupted is asked once more, and nothing else.
    """

    def __init__(self, wanted: Sequence[SentenceId], limits: RepairLimits, *, has_other_model: bool = False) -> None:
        self._asks = deque([Ask(tuple(wanted))] if wanted else [])
        self._limits = limits
        self._has_other_model = has_other_model
        self._calls_left = limits.calls

    @property
    def next(self) -> Ask | None:
        return self._asks[0] if self._asks else None

    def answered(self, failing: Sequence[SentenceId], failure: Failure) -> None:
        """Take the first ask off the queue, and queue those of its sentences that failed once more, in smaller pieces:
        as many of them as the budget has room for. A sentence refused alone in other words goes to the other model,
        and is then given up.
        """
        ask = self._asks.popleft()
        is_refusal = failure is Failure.REFUSAL
        if is_refusal and len(ask.wanted) == 1 and ask.round > 0:
            if self._has_other_model and not ask.other_model:
                self._queue(replace(ask, round=ask.round + 1, after_refusal=True, other_model=True))
            return
        if ask.round >= self._limits.rounds or ask.other_model:
            return
        size = -(-len(ask.wanted) // failure.value)
        for piece in _batches(failing, size):
            self._queue(Ask(piece, ask.round + 1, after_refusal=is_refusal))

    def _queue(self, ask: Ask) -> None:
        kept = 0 if ask.after_refusal else self._limits.calls_for_refusals
        if self._calls_left > kept:
            self._calls_left -= 1
            self._asks.append(ask)


def _batches(items: Sequence[SentenceId], size: int) -> Iterator[tuple[SentenceId, ...]]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
