"""What speaks against a cut without forbidding it; how much each weighs is learned from judged cards."""

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.ends import End
from extractor.engines.local.frames import usage_of
from extractor.engines.local.site import CONTENT, Site, is_ce, reaches_stop, stands_behind


def doubts(site: Site) -> tuple[str, ...]:
    """The names of the rules that speak against this cut; how much each weighs is learned from judged cards."""
    return tuple(rule.__name__ for rule in _DOUBTS if rule(site))


_CONTENT_WORDS = 2
_SUBJECTS = ("nsubj", "nsubj:pass")
_SAFE_ENDS = frozenset({End.STOP, End.CLAUSE})


def drops_inversion(site: Site) -> bool:
    """The same anywhere: an incise ('disait-il') makes it all reported."""
    return any(stands_behind(token.text) for token in site.parse.tokens)


def tears_comparison(site: Site) -> bool:
    return not fr.DEGREES.isdisjoint(site.inside) and not fr.DEGREE_ANSWERS.isdisjoint(site.after)


def drops_relative_of_ce(site: Site) -> bool:
    return is_ce(site) and not fr.CLEFT_WORDS.isdisjoint(site.after)


def shortens_negation(site: Site) -> bool:
    """What is denied may be what is cut off."""
    if fr.NE.isdisjoint(site.inside):
        return False
    return site.cut.kind not in _SAFE_ENDS or not {"que", "qu'", "mais"}.isdisjoint(site.after)


def tears_need(site: Site) -> bool:
    """'Il fallait partir pour ...', 'Il suffit de ... pour': the purpose is half of what is said."""
    return not site.forms.lemmas(site.verb).isdisjoint({"falloir", "suffire"}) and site.cut.kind not in _SAFE_ENDS


def tears_adverbial(site: Site) -> bool:
    """Before a preposition only where verb and preposition seldom go together. A passive verb is not known."""
    if site.cut.kind is not End.PREPOSITION:
        return False
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    preposition = fr.PREPOSITIONS.get(site.parse.tokens[site.cut.end].norm, "")
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


def ends_in_verb(site: Site) -> bool:
    last = site.parse.tokens[site.cut.end - 1]
    bare = site.cut.end - 1 == site.clause.finite == site.clause.head
    joined_bare = last.dep == "conj" and last.pos == "VERB" and not any(site.parse.child(site.cut.end - 1, *_SUBJECTS))
    return (bare or joined_bare) and site.cut.kind not in _SAFE_ENDS


def says_little(site: Site) -> bool:
    tokens = site.parse.tokens[site.cut.begin : site.cut.end]
    named = any(token.pos in {"NOUN", "PROPN", "ADJ"} for token in tokens)
    return not named and sum(token.pos in CONTENT for token in tokens) < _CONTENT_WORDS


def holds_relative(site: Site) -> bool:
    return any(token.is_relative for token in site.parse.tokens[site.cut.begin : site.cut.end])


def stands_under_que(site: Site) -> bool:
    """A piece behind 'que' may hang on it, as what is thought or told."""
    return not {"que", "qu'", "où", "dont", "qui"}.isdisjoint(site.context.before)


def drops_comme(site: Site) -> bool:
    return "comme" in site.after


def drops_mais(site: Site) -> bool:
    return "mais" in site.after[:2]


def drops_contrast(site: Site) -> bool:
    """'non', 'au lieu', 'plutôt' behind."""
    return not {"non", "lieu", "plutôt", "sinon"}.isdisjoint(site.after)


def starves_before_stop(site: Site) -> bool:
    """'Les chasseurs reprirent.': bare even at the author's own stop."""
    if not reaches_stop(site):
        return False
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    return usage.is_bare and site.frames.miss(usage)


_DOUBTS = (
    starves_before_stop,
    stands_under_que,
    drops_inversion,
    tears_comparison,
    drops_relative_of_ce,
    shortens_negation,
    tears_need,
    tears_adverbial,
    tears_list,
    ends_in_verb,
    says_little,
    holds_relative,
    drops_comme,
    drops_mais,
    drops_contrast,
)
