"""Where a clause may end, best places first, and whether what is cut off may be cut off."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause
from extractor.engines.local.segments import Edge
from extractor.engines.local.syntax import Parse


class End(IntEnum):
    """Kinds of end, the safest first, in the order that reading gave them."""

    STOP = 1
    CLAUSE = 2
    COLON = 3
    COORDINATED = 4
    COMMA = 5
    SUBORDINATE = 6
    PREPOSITION = 7


@dataclass(frozen=True)
class Cut:
    """The words [begin, end) of a segment, and what kind of place `end` is."""

    begin: int
    end: int
    kind: End


_CLOSERS = {
    Edge.FULL_STOP: End.STOP,
    Edge.SEMICOLON: End.STOP,
    Edge.COLON: End.COLON,
    Edge.QUOTE: End.COLON,
}
# May be cut off wherever they stand; the second set only behind a comma.
_LOOSE = frozenset({"punct", "cc", "parataxis", "vocative", "discourse"})
_BEHIND_COMMA = frozenset({"advcl", "acl", "acl:relcl", "appos", "obl:mod", "advmod", "nmod", "conj"})
_LEFT_OUT = frozenset({"punct", "cc", "vocative", "discourse", "obl:mod", "advmod", "advcl"})


def possible_ends(parse: Parse, clause: Clause, clauses: tuple[Clause, ...], closer: Edge) -> Iterator[tuple[int, End]]:
    """Every place behind the verb that looks like an end; the last token of a parse is the closing mark."""
    words = len(parse) - 1
    last = max(clause.finite, clause.head)
    for end in range(last + 1, words):
        kind = _inner_end(parse, end, clause, clauses)
        if kind is not None:
            yield end, kind
    if closer in _CLOSERS:
        yield words, _CLOSERS[closer]


def _inner_end(parse: Parse, end: int, clause: Clause, clauses: tuple[Clause, ...]) -> End | None:
    after = end
    while after < len(parse) - 1 and (parse.tokens[after].text == "," or parse.tokens[after].norm in fr.COORDINATORS):
        after += 1
    for other in clauses if after > end else ():
        if other.head == clause.head:
            continue
        if other.subject is not None and after in {other.begin, parse.left[other.head]} and other.begin >= after:
            return End.CLAUSE
        if other.subject is None and after == other.begin:
            return End.COORDINATED
    if parse.tokens[end].text == ",":
        return End.COMMA
    if parse.tokens[end].norm in fr.TIME_CONJUNCTIONS and parse.tokens[end].dep in {"mark", "advmod", "case"}:
        return End.SUBORDINATE
    return End.PREPOSITION if _opens_loose_phrase(parse, end, clause) else None


def _opens_loose_phrase(parse: Parse, at: int, clause: Clause) -> bool:
    """A preposition whose phrase is an adverbial of the verb and begins right here."""
    phrase = parse.tokens[at].head
    return (
        parse.tokens[at].dep == "case"
        and fr.PREPOSITIONS.get(parse.tokens[at].norm) in fr.LOOSE_PREPOSITIONS
        and parse.tokens[phrase].dep == "obl:mod"
        and parse.tokens[phrase].head == clause.head
        and parse.left[phrase] == at
    )


def is_closed(parse: Parse, clause: Clause, cut: Cut) -> bool:
    """A piece of the tree with nothing torn: heads of all words inside, and only loose parts left outside."""
    inside = range(cut.begin, cut.end)
    if clause.head not in inside:
        return False
    if any(at != clause.head and parse.tokens[at].head not in inside for at in inside):
        return False
    return all(_may_go(parse, clause, at, cut) for top in inside for at in parse.children[top] if at not in inside)


def _may_go(parse: Parse, clause: Clause, at: int, cut: Cut) -> bool:
    token = parse.tokens[at]
    if at < cut.begin:
        return token.dep in {"punct", "cc"} or (token.head == clause.head and token.dep in _LEFT_OUT)
    if token.dep in _LOOSE:
        return True
    if token.dep == "conj" and token.head == clause.head and cut.kind in {End.CLAUSE, End.COORDINATED}:
        return True
    if cut.kind is End.PREPOSITION and _opens_loose_phrase(parse, parse.left[at], clause):
        return True
    if token.dep == "advcl" and cut.kind is End.SUBORDINATE and parse.left[at] == cut.end:
        return True
    return token.dep in _BEHIND_COMMA and _stands_behind_comma(parse, at)


def _stands_behind_comma(parse: Parse, at: int) -> bool:
    """The comma may hang on the phrase or on something above it."""
    first = parse.left[at]
    return "," in {parse.tokens[first].text, parse.tokens[first - 1].text}
