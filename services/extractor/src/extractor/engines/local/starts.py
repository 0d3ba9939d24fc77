"""Where a card may begin, and whether what stands before it in the segment may be left out."""

from enum import StrEnum

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, ClauseKind
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge
from extractor.engines.local.syntax import Parse

# Edges after which something new begins.
_FRESH = frozenset({Edge.START, Edge.FULL_STOP, Edge.QUESTION, Edge.SEMICOLON, Edge.COLON, Edge.QUOTE})

_CONJUNCTIONS = fr.CLAUSE_OPENERS | {"comme", "parce", "dès", "sitôt", "aussitôt", "pendant", "tandis"}

_MEANWHILE = frozenset({"tandis", "pendant"})
# What may open a clause before its subject; a noun without such a tie is a piece of something else.
_LEADS = frozenset({"obl:mod", "obl:arg", "advmod", "advcl", "acl", "vocative", "discourse", "cc", "punct"})


class Start(StrEnum):
    """What stands before a card, the safest first."""

    FRESH = "fresh"  # nothing, or 'et', behind a stop
    PIECE = "piece"  # a comma that the parser did not see
    JOINED = "joined"  # a comma, 'et', 'mais'
    CONJUNCTION = "conjunction"  # the word that makes a factive clause of it
    BARE = "bare"  # an adverbial without a comma


def possible_begins(parse: Parse, clause: Clause, opener: Edge, forms: Forms) -> tuple[tuple[int, Start], ...]:
    """Begins in order of choice: with what opens the clause ('Le soir, il ...'), then at the subject."""
    if clause.kind is ClauseKind.FACTIVE:
        return ((clause.begin, Start.CONJUNCTION),)
    lead = _lead(parse, clause)
    begins = (lead, clause.begin) if lead < clause.begin else (clause.begin,)
    found = ((begin, _start(parse, clause, begin, opener, forms)) for begin in begins)
    return tuple((begin, start) for begin, start in found if start is not None)


def _lead(parse: Parse, clause: Clause) -> int:
    """The first word of the clause, behind 'et', 'mais' and commas."""
    begin = parse.left[clause.head]
    while begin < clause.begin and _joins(parse, begin):
        begin += 1
    fronted = (at for at in parse.children[clause.head] if begin <= at < clause.begin)
    return begin if all(parse.tokens[at].dep in _LEADS for at in fronted) else clause.begin


def _joins(parse: Parse, at: int) -> bool:
    token = parse.tokens[at]
    return token.text == "," or (token.norm in fr.COORDINATORS and token.dep in {"cc", "advmod", "dep"})


def _start(parse: Parse, clause: Clause, begin: int, opener: Edge, forms: Forms) -> Start | None:
    at, crossed = begin - 1, False
    while at >= 0 and (_joins(parse, at) or _is_light(parse, at)):
        crossed = crossed or _joins(parse, at)
        at -= 1
    if at < 0:
        return _at_edge(opener, crossed=crossed)
    if not _left_part_may_go(parse, clause, begin, forms):
        return None
    if crossed:
        return Start.JOINED
    bare = _CONJUNCTIONS.isdisjoint(parse.norms(0, begin)) and opener in _FRESH | {Edge.COMMA}
    return _behind_adverbial(parse, clause, begin) if bare else None


def _at_edge(opener: Edge, *, crossed: bool) -> Start | None:
    if opener is Edge.COMMA:
        return Start.PIECE
    return Start.FRESH if opener in _FRESH else Start.JOINED if crossed else None


def _behind_adverbial(parse: Parse, clause: Clause, begin: int) -> Start | None:
    """'Ce jour-là il partit', 'En ce moment le garçon se présenta'."""
    if clause.subject is None or begin != clause.begin:
        return None
    pronoun = parse.tokens[clause.subject].norm in fr.SUBJECT_PRONOUNS
    return Start.BARE if pronoun or parse.tokens[begin].dep == "det" else None


def _is_light(parse: Parse, at: int) -> bool:
    return parse.tokens[at].norm in fr.LIGHT_ADVERBS


def _left_part_may_go(parse: Parse, clause: Clause, begin: int, forms: Forms) -> bool:
    """A clause with a conjunction may be left out before a passé simple only: before an imparfait or a present,
    'quand' is as good as 'if'. 'tandis que' and 'pendant que' may always.
    """
    once = forms.is_passe_simple(parse.tokens[clause.finite].norm)
    fronted = [at for at in parse.child(clause.head, "advcl") if at < begin]
    asked = (at for at in fronted if parse.tokens[parse.left[at]].norm not in _MEANWHILE)
    return once or not any(_has_conjunction(parse, at) for at in asked)


def _has_conjunction(parse: Parse, head: int) -> bool:
    return any(parse.tokens[at].dep == "mark" and parse.tokens[at].pos != "ADP" for at in parse.children[head])
