"""The fake Gemini of a campaign: what it says is a pure function of what it is asked, whether it says it is not."""

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.fakes.gemini import FakeGemini, Fault, Plan
from tests.fakes.models.speech import Ask, Reply

ChunkName = tuple[int, int]
"""A book's number and the index of its chunk."""

# Shares of calls. The first are not paid and may come again and again; the others are paid answers that cannot be used,
# one a chunk at most: so the budget of repairs never ends, and the cards are those of an undisturbed run.
UNPAID = {
    Fault.QUOTA: 0.03,
    Fault.QUOTA_HEADER: 0.01,
    Fault.SERVER_ERROR: 0.03,
    Fault.UNAVAILABLE: 0.03,
    Fault.HANG: 0.02,
    Fault.DISCONNECT: 0.03,
    Fault.TRICKLE: 0.01,
}
PAID = {
    Fault.CUT_JSON: 0.03,
    Fault.NOT_JSON: 0.02,
    Fault.WRONG_SHAPE: 0.02,
    Fault.WRONG_IDS: 0.02,
    Fault.MISSING_IDS: 0.03,
    Fault.LONG_CARDS: 0.02,
    Fault.MAX_TOKENS: 0.03,
    Fault.SAFETY: 0.02,
    Fault.RECITATION: 0.02,
}
_BROKEN_SHARE = 0.06  # of chunks that are refused with 400 until the model is healed
_LATENCY_SECONDS = (0.3, 6.0)


@dataclass
class Call:
    """One call as the model saw it. Times are wall seconds; `caller` is the process, by its key."""

    caller: str
    chunk: ChunkName | None
    digest: bytes
    began_at: float
    fault: Fault | None = None
    paid_at: float | None = None


class Bookshelf:
    """Tells by the sentences of a call which chunk it is for."""

    def __init__(self, chunks: Mapping[ChunkName, Iterable[str]]) -> None:
        self._of_text: dict[str, set[ChunkName]] = defaultdict(set)
        for name, texts in chunks.items():
            for text in texts:
                self._of_text[text].add(name)

    def chunk_of(self, texts: Iterable[str]) -> ChunkName | None:
        """None where the sentences do not tell, or are of no book here."""
        held = [self._of_text.get(text, set()) for text in texts]
        left = set.intersection(*held) if held else set()
        return left.pop() if len(left) == 1 else None


class ChaosGemini(FakeGemini):
    """Behaves well until `misbehave`, again after `behave`. `calls` is all that was asked since the last `forget`."""

    def __init__(self, seed: int, *, port: int) -> None:
        super().__init__(Plan(seed=seed), port=port)
        self.calls: list[Call] = []
        self.shelf = Bookshelf({})
        self._seed = seed
        self._wild = False
        self._healed = True
        self._spoiled: set[ChunkName] = set()
        self._open: dict[int, Call] = {}

    def misbehave(self) -> None:
        self._wild = True
        self._healed = False
        self.plan = Plan(seed=self._seed, chances=UNPAID | PAID, retry_after_seconds=2.0)

    def heal(self) -> None:
        """What was refused for good is taken from now on: a new attempt may complete its job."""
        self._healed = True

    def behave(self) -> None:
        self._wild = False
        self._healed = True
        self.plan = Plan(seed=self._seed)

    def forget(self) -> None:
        self.calls.clear()
        self.asks.clear()

    def faults(self) -> Counter[str]:
        return Counter(call.fault.value for call in self.calls if call.fault is not None)

    def is_broken(self, chunk: ChunkName) -> bool:
        """Whether this chunk is one of those that are refused before the model is healed."""
        return _share(f"broken {self._seed} {chunk}".encode()) < _BROKEN_SHARE

    def _choose_fault(self, ask: Ask, body: bytes, key: str) -> Fault | None:
        chunk = self.shelf.chunk_of(ask.wanted.values())
        fault = self._fault_for(chunk, super()._choose_fault(ask, body, key))
        call = Call(key, chunk, hashlib.sha256(body).digest(), time.time(), fault)
        self.calls.append(call)
        self._open[id(ask)] = call
        return fault

    def _fault_for(self, chunk: ChunkName | None, drawn: Fault | None) -> Fault | None:
        if chunk is not None and not self._healed and self.is_broken(chunk):
            return Fault.BAD_REQUEST
        if drawn not in PAID:
            return drawn
        if chunk is None or chunk in self._spoiled:
            return None
        self._spoiled.add(chunk)
        return drawn

    def _latency_seconds(self, body: bytes) -> float:
        if not self._wild:
            return self.plan.latency_seconds
        least, most = _LATENCY_SECONDS
        return least + (most - least) * _share(body) ** 2

    def _count(self, reply: Reply, ask: Ask, body: bytes) -> None:
        super()._count(reply, ask, body)
        call = self._open.pop(id(ask), None)
        if call is not None and reply.paid:
            call.paid_at = time.time()


def _share(body: bytes) -> float:
    return int.from_bytes(hashlib.sha256(body).digest()[:8], "big") / 2**64
