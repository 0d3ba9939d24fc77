"""Reasons against a cut that a parse alone does not show: conditions left out, comparisons torn, loose ends."""

from dataclasses import dataclass
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse

_CONTENT = frozenset({"NOUN", "PROPN", "ADJ", "VERB", "NUM"})
_LAST_DEPS = frozenset({"case", "det", "mark", "cc"})
_CONTENT_WORDS = 2
_SAFE_ENDS = frozenset({End.STOP, End.CLAUSE})


@dataclass(frozen=True)
class Site:
    """A cut in its parse."""

    parse: Parse
    clause: Clause
    cut: Cut
    forms: Forms

    @property
    def before(self) -> tuple[str, ...]:
        return self.parse.norms(0, self.cut.begin)

    @property
    def inside(self) -> tuple[str, ...]:
        return self.parse.norms(self.cut.begin, self.cut.end)

    @property
    def after(self) -> tuple[str, ...]:
        return self.parse.norms(self.cut.end, len(self.parse))

    @property
    def verb(self) -> str:
        return self.parse.tokens[self.clause.finite].norm


def veto(site: Site) -> str | None:
    """The name of the first rule against this cut, or None."""
    return next((rule.__name__ for rule in _RULES if rule(site)), None)


def drops_condition(site: Site) -> bool:
    return any(
        not fr.CONDITIONS.isdisjoint(words) or not fr.CONDITION_PAIRS.isdisjoint(pairwise(words))
        for words in (site.before, site.after)
    )


def drops_inversion(site: Site) -> bool:
    """A pronoun behind a verb anywhere: a question, or an incise ('disait-il') that makes it all reported."""
    return any(len(token.text) > 1 and token.text[0] == "-" and token.text[1] != "-" for token in site.parse.tokens)


def drops_circumstance_of_present(site: Site) -> bool:
    """'Avec de l'argent, on peut tout': without its opening it says more than the author did."""
    return "P" in site.forms.facts(site.verb).tenses and not {"avec", "en"}.isdisjoint(site.before)


def tears_comparison(site: Site) -> bool:
    return not fr.DEGREES.isdisjoint(site.inside) and not fr.DEGREE_ANSWERS.isdisjoint(site.after)


def tears_cleft(site: Site) -> bool:
    """'C'est lui qui partit' says nothing without its second half."""
    subject = site.clause.subject
    is_ce = subject is not None and site.parse.tokens[subject].norm in {"ce", "c'"}
    return is_ce and not fr.CLEFT_WORDS.isdisjoint(site.after)


def tears_negation(site: Site) -> bool:
    if fr.NE.isdisjoint(site.inside):
        return False
    if fr.NEGATIONS.isdisjoint(site.inside) or site.cut.kind not in _SAFE_ENDS:
        return True
    return not {"que", "qu'", "mais"}.isdisjoint(site.after)


def tears_need(site: Site) -> bool:
    """'Il fallait partir pour ...', 'Il suffit de ... pour': the purpose is half of what is said."""
    return not site.forms.lemmas(site.verb).isdisjoint({"falloir", "suffire"}) and site.cut.kind not in _SAFE_ENDS


def shortens_conditional(site: Site) -> bool:
    return site.clause.conditional and (site.cut.begin > 0 or site.cut.end < len(site.parse) - 1)


def ends_loosely(site: Site) -> bool:
    last = site.parse.tokens[site.cut.end - 1]
    if last.norm in fr.FUNCTION_WORDS or last.dep in _LAST_DEPS or not any(ch.isalnum() for ch in last.text):
        return True
    bare = site.cut.end - 1 == site.clause.finite == site.clause.head
    return bare and site.cut.kind not in _SAFE_ENDS


def says_little(site: Site) -> bool:
    tokens = site.parse.tokens[site.cut.begin : site.cut.end]
    named = any(token.pos in {"NOUN", "PROPN", "ADJ"} for token in tokens)
    return not named and sum(token.pos in _CONTENT for token in tokens) < _CONTENT_WORDS


_RULES = (
    drops_condition,
    drops_inversion,
    drops_circumstance_of_present,
    tears_comparison,
    tears_cleft,
    tears_negation,
    tears_need,
    shortens_conditional,
    ends_loosely,
    says_little,
)
