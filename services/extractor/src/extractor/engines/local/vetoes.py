"""Reasons against a cut that a parse alone does not show: conditions left out, comparisons torn, loose ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frames, has_object, usage_of
from extractor.engines.local.syntax import Parse

_CONTENT = frozenset({"NOUN", "PROPN", "ADJ", "VERB", "NUM"})
_LAST_DEPS = frozenset({"case", "det", "mark", "cc"})
_CONTENT_WORDS = 2
_SUBJECTS = ("nsubj", "nsubj:pass")
_SAFE_ENDS = frozenset({End.STOP, End.CLAUSE})


@dataclass(frozen=True)
class Site:
    """A cut in its parse."""

    parse: Parse
    clause: Clause
    cut: Cut
    forms: Forms
    frames: Frames

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
    """A 'si', 'sans' or 'peut-être' left out: anywhere before, and behind where it belongs to this clause."""
    if _holds_condition(site.before):
        return True
    own = [
        token.norm if site.parse.is_own(at, site.clause.head) else "|"
        for at, token in enumerate(site.parse.tokens[site.cut.end :], site.cut.end)
    ]
    return _holds_condition(own)


def _holds_condition(words: Sequence[str]) -> bool:
    return not fr.CONDITIONS.isdisjoint(words) or not fr.CONDITION_PAIRS.isdisjoint(pairwise(words))


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


def starves_verb(site: Site) -> bool:
    """Takes from the verb what it nearly always has: 'Il avait à ses côtés', 'Elle prononça d'une voix joyeuse'."""
    if site.cut.kind is End.STOP:
        return False
    return site.frames.miss(usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms))


def tears_adverbial(site: Site) -> bool:
    """Before a preposition only where verb and preposition seldom go together. A passive verb is not known."""
    if site.cut.kind is not End.PREPOSITION:
        return False
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    preposition = fr.PREPOSITIONS[site.parse.tokens[site.cut.end].norm]
    if not usage.verbs:
        return not any(site.parse.child(site.clause.head, "cop"))
    return not all(site.frames.is_loose(verb, preposition) for verb in usage.verbs)


def tears_list(site: Site) -> bool:
    """'Il marchait, allait' of 'marchait, allait et venait': a list is kept whole or cut behind its first member."""
    tokens, inside = site.parse.tokens, range(site.cut.begin, site.cut.end)
    torn = {
        tokens[at].head
        for top in inside
        for at in site.parse.children[top]
        if at >= site.cut.end and tokens[at].dep == "conj"
    }
    if "soit" in site.inside and "soit" in site.after:
        return True
    kept = (at for top in torn for at in site.parse.child(top, "conj") if at in inside)
    return any(not any(site.parse.child(at, "cc")) for at in kept)


def awaits_more(site: Site) -> bool:
    """'Il eut beau crier' says nothing without what it was in vain for."""
    return ("beau" in site.inside) and "avoir" in site.forms.lemmas(site.verb) and bool(site.after[:-1])


def starves_infinitive(site: Site) -> bool:
    """'Il crut trouver dans son sourire': the same of an infinitive inside."""
    if site.cut.kind is End.STOP:
        return False
    inside = range(site.cut.begin, site.cut.end)
    return any("VerbForm=Inf" in site.parse.tokens[at].morph and _lacks_object(site, at) for at in inside)


def _lacks_object(site: Site, infinitive: int) -> bool:
    children = [at for at in site.parse.children[infinitive] if site.cut.begin <= at < site.cut.end]
    return not has_object(site.parse, children) and site.frames.wants_object(site.parse.tokens[infinitive].norm)


def follows_reported_speech(site: Site) -> bool:
    """'Elles racontaient que ..., elles venaient de ...': told by them, not by the author."""
    words = site.before
    told = [at for at, word in enumerate(words) if word in {"que", "qu'"} and at > 0]
    return any(not site.forms.lemmas(words[at - 1]).isdisjoint(fr.SPEECH_LEMMAS) for at in told)


def is_formula(site: Site) -> bool:
    """'Il est vrai', 'cela va sans dire': said about the sentence, not a sentence."""
    return " ".join(site.inside) in fr.FORMULAS


def begins_loosely(site: Site) -> bool:
    return site.inside[0] in fr.LOOSE_BEGINS


def leaves_conjunction_alone(site: Site) -> bool:
    """'Il fut convenu que pendant cette nuit': a 'que', 'qui', 'quand' whose verb was cut off."""
    finite = [at for at, word in enumerate(site.inside) if site.forms.is_finite(word)]
    compared = not fr.DEGREES.isdisjoint(site.inside) or not fr.NE.isdisjoint(site.inside)
    return not compared and any(
        word in fr.CLAUSE_OPENERS and not any(at > position for at in finite)
        for position, word in enumerate(site.inside)
    )


def shortens_conditional(site: Site) -> bool:
    return site.clause.conditional and (site.cut.begin > 0 or site.cut.end < len(site.parse) - 1)


def ends_loosely(site: Site) -> bool:
    last = site.parse.tokens[site.cut.end - 1]
    if last.norm in fr.FUNCTION_WORDS or last.dep in _LAST_DEPS or not any(ch.isalnum() for ch in last.text):
        return True
    bare = site.cut.end - 1 == site.clause.finite == site.clause.head
    joined_bare = last.dep == "conj" and last.pos == "VERB" and not any(site.parse.child(site.cut.end - 1, *_SUBJECTS))
    return (bare or joined_bare) and site.cut.kind not in _SAFE_ENDS


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
    starves_verb,
    tears_adverbial,
    tears_list,
    awaits_more,
    starves_infinitive,
    follows_reported_speech,
    is_formula,
    begins_loosely,
    leaves_conjunction_alone,
    shortens_conditional,
    ends_loosely,
    says_little,
)
