"""A dependency parse as plain data, so that rules are pure functions that need no spaCy."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a parse. `pos`, `dep`: Universal Dependencies; `head`: index in the parse (its own at the root)."""

    text: str
    pos: str
    dep: str
    head: int
    morph: str = ""

    @property
    def norm(self) -> str:
        return self.text.replace("’", "'").lower()

    @property
    def is_relative(self) -> bool:
        return "PronType=Rel" in self.morph


@dataclass(frozen=True)
class Parse:
    """Tokens with, for each, its children and the edges of its subtree (`left[i]` to `right[i]`, both included)."""

    tokens: tuple[Token, ...]
    children: tuple[tuple[int, ...], ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    def child(self, head: int, *deps: str) -> Iterator[int]:
        return (at for at in self.children[head] if self.tokens[at].dep in deps)

    def norms(self, begin: int, end: int) -> tuple[str, ...]:
        return self._norms[begin:end]

    @cached_property
    def _norms(self) -> tuple[str, ...]:
        return tuple(token.norm for token in self.tokens)

    def ancestors(self, at: int) -> Iterator[int]:
        """From the head of `at` up to the root."""
        while self.tokens[at].head != at:
            at = self.tokens[at].head
            yield at

    def is_own(self, at: int, top: int) -> bool:
        """Whether `at` hangs on `top`, with no coordinated or juxtaposed part on the way."""
        while at != top:
            token = self.tokens[at]
            if token.head == at or token.dep in {"conj", "parataxis"}:
                return False
            at = token.head
        return True


def build_parse(tokens: Iterable[Token]) -> Parse:
    """Index the tree. Raises ValueError when heads go in a circle."""
    rows = tuple(tokens)
    children: list[list[int]] = [[] for _ in rows]
    for at, token in enumerate(rows):
        if token.head != at:
            children[token.head].append(at)
    left, right = list(range(len(rows))), list(range(len(rows)))
    for at in range(len(rows)):
        _stretch_ancestors(rows, at, left, right)
    return Parse(rows, tuple(map(tuple, children)), tuple(left), tuple(right))


def _stretch_ancestors(rows: tuple[Token, ...], at: int, left: list[int], right: list[int]) -> None:
    above, steps = rows[at].head, 0
    while True:
        left[above], right[above] = min(left[above], at), max(right[above], at)
        if rows[above].head == above:
            return
        above, steps = rows[above].head, steps + 1
        if steps > len(rows):
            raise ValueError("heads go in a circle")
