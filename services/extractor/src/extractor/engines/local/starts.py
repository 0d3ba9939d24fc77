"""Where a card may begin, and whether what stands before it in the segment may be left out."""

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge
from extractor.engines.local.syntax import Parse

# Edges after which something new begins.
_FRESH = frozenset({Edge.START, Edge.FULL_STOP, Edge.QUESTION, Edge.SEMICOLON, Edge.COLON, Edge.QUOTE})

# What may open a clause before its subject; a noun without such a tie is a piece of something else.
_LEADS = frozenset({"obl:mod", "obl:arg", "advmod", "advcl", "acl", "vocative", "discourse", "cc", "punct"})


def possible_begins(parse: Parse, clause: Clause, opener: Edge, forms: Forms) -> tuple[int, ...]:
    """Begins in order of choice: with what opens the clause ('Le soir, il ...'), then at the subject."""
    lead = _lead(parse, clause)
    begins = (lead, clause.begin) if lead < clause.begin else (clause.begin,)
    return tuple(begin for begin in begins if _is_clean(parse, clause, begin, opener, forms))


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


def _is_clean(parse: Parse, clause: Clause, begin: int, opener: Edge, forms: Forms) -> bool:
    at, crossed = begin - 1, False
    while at >= 0 and (_joins(parse, at) or _is_light(parse, at)):
        crossed = crossed or _joins(parse, at)
        at -= 1
    if at < 0:
        return opener in _FRESH or crossed
    return crossed and _left_part_may_go(parse, clause, begin, forms)


def _is_light(parse: Parse, at: int) -> bool:
    return parse.tokens[at].norm in fr.LIGHT_ADVERBS


def _left_part_may_go(parse: Parse, clause: Clause, begin: int, forms: Forms) -> bool:
    """A clause with a conjunction may be left out before a passé simple only: before an imparfait or a present,
    'quand' is as good as 'if'.
    """
    once = forms.is_passe_simple(parse.tokens[clause.finite].norm)
    fronted = [at for at in parse.child(clause.head, "advcl") if at < begin]
    return once or not any(_has_conjunction(parse, at) for at in fronted)


def _has_conjunction(parse: Parse, head: int) -> bool:
    return any(parse.tokens[at].dep == "mark" and parse.tokens[at].pos != "ADP" for at in parse.children[head])
