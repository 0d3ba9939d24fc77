"""Rules against a cut: in the card itself here, in what it leaves out in `losses` and `torn`."""

from collections.abc import Iterator
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import ClauseKind
from extractor.engines.local.ends import End
from extractor.engines.local.losses import LOSSES
from extractor.engines.local.segments import INCISE_LEMMAS
from extractor.engines.local.site import CONTENT, Site, is_starved, reaches_stop, stands_behind
from extractor.engines.local.syntax import Token
from extractor.engines.local.torn import TORN


def objections_to(site: Site) -> Iterator[str]:
    """The names of the rules that object to this cut. What each weighs, or that it forbids, says the confidence."""
    return (rule.__name__ for rule in _RULES if rule(site))


_LAST_DEPS = frozenset({"case", "det", "mark", "cc"})


def holds_inversion(site: Site) -> bool:
    """A pronoun behind a verb inside: a question or an incise, but for that of an order ('Donnez-moi')."""
    ordered = site.clause.head + 1 if site.clause.kind is ClauseKind.ORDER else None
    return site.cut.kind is not End.QUESTION and any(
        stands_behind(site.parse.tokens[at].text) for at in range(site.cut.begin, site.cut.end) if at != ordered
    )


def is_formula(site: Site) -> bool:
    """'Il est vrai', 'cela va sans dire': said about the sentence, not a sentence."""
    return " ".join(site.inside) in fr.FORMULAS or site.inside[:3] == ("ce", "me", "semble")


def begins_loosely(site: Site) -> bool:
    return site.cut.kind is not End.QUESTION and site.inside[0] in fr.LOOSE_BEGINS


def leaves_conjunction_alone(site: Site) -> bool:
    """'Il fut convenu que pendant cette nuit': a 'que', 'qui', 'quand' whose verb was cut off."""
    tokens = site.parse.tokens[site.cut.begin : site.cut.end]
    finite = [at for at, token in enumerate(tokens) if _is_conjugated(site, token)]
    compared = not fr.DEGREES.isdisjoint(site.inside) or not fr.NE.isdisjoint(site.inside)
    return not compared and any(
        word in fr.CLAUSE_OPENERS and not any(at > position for at in finite)
        for position, word in enumerate(site.inside)
    )


def _is_conjugated(site: Site, token: Token) -> bool:
    """Of two readings ('foire', 'porte') the parser's, of one the lexicon's."""
    conjugated = site.forms.is_finite(token.norm) or site.forms.is_subjunctive(token.norm)
    return conjugated and (token.pos in {"VERB", "AUX"} or not site.forms.is_common_word(token.norm))


def ends_loosely(site: Site) -> bool:
    last = site.parse.tokens[site.cut.end - 1]
    return last.norm in fr.FUNCTION_WORDS or last.dep in _LAST_DEPS or not any(ch.isalnum() for ch in last.text)


def says_nothing(site: Site) -> bool:
    """Not one word with a sense of its own: 'Il l'avait été.'"""
    tokens = site.parse.tokens[site.cut.begin : site.cut.end]
    return not any(token.pos in CONTENT for token in tokens)


def holds_incise(site: Site) -> bool:
    """'Tenez, dit madame Bovary': a verb of speech right behind a comma."""
    return any(
        one == "," and site.forms.is_indicative(two) and bool(site.forms.lemmas(two) & INCISE_LEMMAS)
        for one, two in pairwise(site.inside)
    )


def tells_when(site: Site) -> bool:
    """'Il y a six semaines' says when, not what."""
    return site.inside[:2] == ("il", "y") and not fr.TIME_NOUNS.isdisjoint(site.inside)


def ends_in_starved_verb(site: Site) -> bool:
    """'C'était l'heure où le détenu faisait'."""
    last = site.cut.end - 1
    return last not in {site.clause.head, site.clause.finite} and not reaches_stop(site) and is_starved(site, last)


def holds_two_clauses(site: Site) -> bool:
    """A clause behind 'pendant que' ends at its comma; what follows is the main one."""
    return site.clause.kind is ClauseKind.FACTIVE and "," in site.inside


_RULES = (
    *LOSSES,
    *TORN,
    holds_inversion,
    holds_incise,
    is_formula,
    begins_loosely,
    leaves_conjunction_alone,
    ends_loosely,
    says_nothing,
    tells_when,
    ends_in_starved_verb,
    holds_two_clauses,
)
