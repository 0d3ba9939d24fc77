"""Where a clause may end, best places first, and whether what is cut off may be cut off."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, ClauseKind
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
    LIST = 8
    RELATIVE = 9
    PARTICIPLE = 10
    PURPOSE = 11
    QUESTION = 12
    PIECE = 13


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
    Edge.COMMA: End.PIECE,
}
# May be cut off wherever they stand; the second set only behind a comma.
_LOOSE = frozenset({"punct", "cc", "parataxis", "vocative", "discourse"})
_BEHIND_COMMA = frozenset({"advcl", "acl", "acl:relcl", "appos", "obl:mod", "advmod", "nmod", "conj"})
_LEFT_OUT = frozenset({"punct", "cc", "vocative", "discourse", "obl:mod", "advmod", "advcl", "acl"})
# May be cut off without a comma where they begin right behind the card; how safe that is, is learned.
_OPENED_HERE = {
    End.PREPOSITION: frozenset({"obl:mod", "obl:arg", "obl:agent", "obl", "nmod", "advcl", "acl"}),
    End.SUBORDINATE: frozenset({"advcl", "acl"}),
    End.LIST: frozenset({"conj"}),
    End.RELATIVE: frozenset({"acl:relcl"}),
    End.PARTICIPLE: frozenset({"acl", "advcl", "amod"}),
    End.PURPOSE: frozenset({"advcl", "acl", "obl:mod", "nmod"}),
}
# Siblings of what is cut off go with it.
_GOES_ALONG = frozenset({"obl:mod", "obl:arg", "obl:agent", "obl", "advcl", "advmod", "nmod", "acl", "acl:relcl"})
_PURPOSES = frozenset({"pour", "afin", "sans", "en", "avant", "après", "au", "de"})
_RELATIVES = frozenset({"qui", "que", "qu'", "dont", "où"})
_CONJUNCTIONS = frozenset(
    {"parce", "puisque", "puisqu'", "bien", "quoique", "dès", "aussitôt", "jusqu'", "comme", "depuis"}
)


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
    return _opened_here(parse, end, clause)


def _opened_here(parse: Parse, at: int, clause: Clause) -> End | None:
    """What a phrase that begins right here is, when it is one that may be cut off."""
    phrase = _phrase_from(parse, at, clause)
    if phrase is None:
        return None
    token, top = parse.tokens[at], parse.tokens[phrase]
    listed = token.dep == "cc" and top.dep == "conj" and parse.tokens[top.head].pos in {"NOUN", "PROPN"}
    verbal = "VerbForm=Inf" in top.morph or "VerbForm=Part" in top.morph or top.dep == "advcl"
    kinds = {
        End.RELATIVE: token.norm in _RELATIVES and top.dep == "acl:relcl",
        End.LIST: listed,
        End.SUBORDINATE: token.norm in fr.TIME_CONJUNCTIONS | _CONJUNCTIONS and top.dep in {"advcl", "acl"},
        End.PURPOSE: token.norm in _PURPOSES and verbal,
        End.PREPOSITION: token.dep == "case" and token.norm in fr.PREPOSITIONS and not _is_complement(parse, phrase),
        End.PARTICIPLE: "VerbForm=Part" in top.morph and top.dep in {"acl", "advcl"},
    }
    return next((kind for kind, holds in kinds.items() if holds), None)


def _phrase_from(parse: Parse, at: int, clause: Clause) -> int | None:
    """The top of the phrase whose first word is `at` and that hangs on something before it."""
    top = at
    while parse.tokens[top].head > at and parse.left[parse.tokens[top].head] == at:
        top = parse.tokens[top].head
    holds = parse.left[top] == at and clause.finite <= parse.tokens[top].head < at
    return top if holds else None


def _is_complement(parse: Parse, phrase: int) -> bool:
    """'le bout de la table': a noun's own 'de'."""
    token = parse.tokens[phrase]
    return token.dep == "nmod" and parse.tokens[parse.left[phrase]].norm in {"de", "d'", "du", "des"}


def tears_of(parse: Parse, clause: Clause, cut: Cut) -> Iterator[str]:
    """Where the cut tears the tree: words whose head is left outside, and what is left out that is not loose. A closed
    piece of the tree has none.
    """
    inside = range(cut.begin, cut.end)
    for top in inside:
        if top != clause.head and parse.tokens[top].head not in inside:
            yield f"torn:from:{parse.tokens[top].dep}"
        for at in parse.children[top]:
            if at not in inside and not _may_go(parse, clause, at, cut):
                yield f"torn:{'left' if at < cut.begin else 'right'}:{parse.tokens[at].dep}"


def _may_go(parse: Parse, clause: Clause, at: int, cut: Cut) -> bool:
    token = parse.tokens[at]
    if at < cut.begin:
        return _may_go_before(parse, clause, at)
    if token.dep in _LOOSE:
        return True
    if token.dep == "conj" and token.head == clause.head and cut.kind in {End.CLAUSE, End.COORDINATED}:
        return True
    if token.dep in _OPENED_HERE.get(cut.kind, ()) and parse.left[at] == cut.end:
        return True
    if cut.kind in _OPENED_HERE and parse.left[at] > cut.end and token.dep in _GOES_ALONG:
        return True
    return token.dep in _BEHIND_COMMA and _stands_behind_comma(parse, at)


def _may_go_before(parse: Parse, clause: Clause, at: int) -> bool:
    token = parse.tokens[at]
    if token.dep in {"punct", "cc"}:
        return True
    if token.head != clause.head:
        return False
    if clause.said_again is not None and at == clause.subject:
        return True
    opens = at == clause.begin - 1 or token.dep in {"mark", "fixed", "case"}
    return (clause.kind is ClauseKind.FACTIVE and opens) or token.dep in _LEFT_OUT


def _stands_behind_comma(parse: Parse, at: int) -> bool:
    """The comma may hang on the phrase or on something above it."""
    first = parse.left[at]
    return "," in {parse.tokens[first].text, parse.tokens[first - 1].text}
