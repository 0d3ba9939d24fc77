"""The seam to a parser, which is asked about the few cards that the rules leave undecided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ParsedPredicate:
    """What a parser finds in a text: a conjugated verb; one that has a subject or is an order."""

    verb: bool
    subject: bool


class CardParser(Protocol):
    """Parses cards, never in the caller's process: 2 ms of CPU a card."""

    async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        """One answer for each text, None where the parser fails: it decides nothing then, and raises nothing.

        The same text gives the same answer, whatever stands beside it.
        """
        ...


class NoCardParser:
    """Stands in where no parser runs: what is undecided passes."""

    async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        return [None] * len(texts)
