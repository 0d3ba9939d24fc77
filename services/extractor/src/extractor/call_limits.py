"""How many calls to one engine may be in flight (pure)."""

from typing import Protocol

_FIRST_CALLS = 4


class CallLimit(Protocol):
    """`calls` is the limit now. Calls are numbered from 1 as they begin."""

    @property
    def calls(self) -> int: ...

    def answered(self, in_flight: int) -> None:
        """A call was answered; `in_flight` counts it too."""
        ...

    def refused(self, call: int, begun: int) -> None:
        """The engine asked for less, in its answer to call number `call`, when `begun` calls had begun."""
        ...


class FixedLimit:
    """CallLimit that learns nothing: for an engine of our own."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def answered(self, in_flight: int) -> None:
        del in_flight

    def refused(self, call: int, begun: int) -> None:
        del call, begun


class AdaptiveLimit:
    """CallLimit for an engine whose quota nobody tells us: it looks for it as TCP looks for bandwidth.

    Calls that are answered raise it, but only while it is in use: by one each up to the threshold (so it doubles in
    the time of a call), above it by one in the time of a call. A refusal halves it, once for all calls that had begun
    by then: they tell of the same moment. The threshold falls to half of the limit with the first refusal after an
    answer, and stays through the rest of a storm, so that the way back is short.
    """

    def __init__(self, most: int, *, first: int = _FIRST_CALLS) -> None:
        self._most = float(most)
        self._limit = min(float(first), self._most)
        self._threshold = self._most
        self._begun_when_halved = 0
        self._answered_since = True

    @property
    def calls(self) -> int:
        return int(self._limit)

    def answered(self, in_flight: int) -> None:
        self._answered_since = True
        if 2 * in_flight < self.calls:
            return
        step = 1.0 if self._limit < self._threshold else 1.0 / self._limit
        self._limit = min(self._limit + step, self._most)

    def refused(self, call: int, begun: int) -> None:
        if call <= self._begun_when_halved:
            return
        self._begun_when_halved = begun
        self._limit = max(self._limit / 2, 1.0)
        if self._answered_since:
            self._threshold = self._limit
        self._answered_since = False
