"""The worker processes of the local engine, asked about cards that the rules leave undecided."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from extractor.card_parsing import ParsedPredicate
from extractor.engines.local.parser import Unit
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import Word, split_words
from extractor.engines.local.worker import load_all
from feuilleton.processes.pool import IsolatedPool, WorkerDiedError, WorkerTimeoutError

_TIMEOUT_SECONDS = 30.0
_MARKS = frozenset(".!?…")
_AUXILIARY = frozenset({"aux", "aux:pass", "aux:tense", "aux:caus", "cop"})
_SUBJECT = ("nsubj", "nsubj:pass", "nsubj:caus", "expl:subj", "csubj")

ParseFunction = Callable[[Sequence[str]], list[ParsedPredicate]]


def parse_predicates(texts: Sequence[str]) -> list[ParsedPredicate]:
    """Runs in a worker. What either model finds is found: a card is refused only where both miss it."""
    units = [_unit_of(text) for text in texts]
    return [_read(parses) for parses in load_all().parser.parse(units)]


class PooledCardParser:
    """A `CardParser` on the pool of an engine, which starts and stops it. A card waits for the chunk that a worker
    is at.
    """

    def __init__(self, pool: IsolatedPool, *, parse: ParseFunction = parse_predicates) -> None:
        """`parse` runs in the worker processes, so it is a module-level function."""
        self._pool = pool
        self._parse = parse

    async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        """Raises nothing: a worker that dies or hangs decides nothing."""
        try:
            return await self._pool.run(self._parse, list(texts), timeout_seconds=_TIMEOUT_SECONDS)
        except (WorkerDiedError, WorkerTimeoutError, MemoryError):
            return [None] * len(texts)


def _unit_of(text: str) -> Unit:
    words = split_words(text)
    while len(words) > 1 and not words[-1].is_word:
        words = words[:-1]
    while len(words) > 1 and words[0].is_dash:
        words = words[1:]
    rest = text[words[-1].end :] if words else ""
    mark = next((char for char in rest if char in _MARKS), ".")
    return Unit(tuple(word.text for word in words), _spaces(words), mark)


def _spaces(words: Sequence[Word]) -> tuple[bool, ...]:
    return (*(one.end < two.begin for one, two in pairwise(words)), False)


def _read(parses: Sequence[Parse]) -> ParsedPredicate:
    found = [_predicate_of(parse) for parse in parses]
    return ParsedPredicate(any(one.verb for one in found), any(one.subject for one in found))


def _predicate_of(parse: Parse) -> ParsedPredicate:
    finite = [at for at, token in enumerate(parse.tokens) if _is_finite(token.pos, token.morph)]
    return ParsedPredicate(bool(finite), any(_has_subject(parse, at) for at in finite))


def _is_finite(pos: str, morph: str) -> bool:
    return pos in ("VERB", "AUX") and "VerbForm=Fin" in morph


def _has_subject(parse: Parse, at: int) -> bool:
    token = parse.tokens[at]
    head = token.head if token.dep in _AUXILIARY else at
    return "Mood=Imp" in token.morph or any(True for _ in parse.child(head, *_SUBJECT))
