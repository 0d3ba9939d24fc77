"""Reasons against a cut because of what it leaves out: conditions, halves of comparisons and pairs, speech."""

from collections.abc import Sequence
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import ClauseKind
from extractor.engines.local.ends import End
from extractor.engines.local.frames import has_object, usage_of
from extractor.engines.local.site import Site, is_ce, is_starved, reaches_stop, stands_behind

_OPENING_OBJECTS = fr.SINGULAR_DETERMINERS | fr.PLURAL_DETERMINERS | {"que", "qu'", "cela", "ceci"}
_NEAR = 4
_FAR = 12
_SUBORDINATORS = fr.CLAUSE_OPENERS | {"comme", "lequel", "laquelle", "lesquels", "lesquelles", "auquel", "duquel"}
_ENDS_OF_DENIALS = frozenset({End.PIECE, End.STOP, End.QUESTION, End.CLAUSE, End.COORDINATED, End.COLON, End.COMMA})


def drops_condition(site: Site) -> bool:
    """A 'si', 'sans' or 'peut-être' left out: anywhere before, and behind where it belongs to this clause."""
    if _holds_condition(site.before):
        return True
    own = [
        token.norm if site.parse.is_own(at, site.clause.head) else "|"
        for at, token in enumerate(site.parse.tokens[site.cut.end :], site.cut.end)
    ]
    return _holds_condition(own) or "presque" in own or _holds_condition(site.context.after[:_NEAR])


def _holds_condition(words: Sequence[str]) -> bool:
    return not fr.CONDITIONS.isdisjoint(words) or not fr.CONDITION_PAIRS.isdisjoint(pairwise(words))


def drops_circumstance(site: Site) -> bool:
    """'Avec de l'argent, on peut tout': without its opening it says more than the author did."""
    return not {"P", "F", "C"}.isdisjoint(site.forms.facts(site.verb).tenses) and not {"avec", "en"}.isdisjoint(
        site.before
    )


def tears_measure(site: Site) -> bool:
    """'plus ... que', 'si ... que' with the second half cut off."""
    return not fr.MEASURES.isdisjoint(site.inside) and not {"que", "qu'"}.isdisjoint(site.after)


def tears_cleft(site: Site) -> bool:
    """'C'est lui qui partit' says nothing without its second half."""
    return is_ce(site) and not fr.CLEFT_WORDS.isdisjoint(site.after) and not _presents(site)


def _presents(site: Site) -> bool:
    """'C'était une brise molle, qui ...' says something of its own."""
    behind = site.parse.norms(site.clause.finite + 1, site.cut.end)
    return not {"un", "une", "des"}.isdisjoint(behind[:2])


def tears_negation(site: Site) -> bool:
    if fr.NE.isdisjoint(site.inside):
        return False
    if site.before[-1:] == ("jamais",):
        return True
    if fr.NEGATIONS.isdisjoint(site.inside):
        return True
    if site.cut.kind not in _ENDS_OF_DENIALS:
        return True
    return site.after[0] in {"que", "qu'", "mais"} or site.after[:2] == (",", "mais")


def awaits_more(site: Site) -> bool:
    """'Il eut beau crier' says nothing without what it was in vain for."""
    return ("beau" in site.inside) and "avoir" in site.forms.lemmas(site.verb) and not {",", "mais"} & set(site.inside)


def follows_reported_speech(site: Site) -> bool:
    """'Elles racontaient que ..., elles venaient de ...': told by them, not by the author."""
    words = site.before[:-1] if site.clause.kind is ClauseKind.FACTIVE else site.before
    told = [at for at, word in enumerate(words) if word in {"que", "qu'"} and at > 0]
    return any(not site.forms.lemmas(words[at - 1]).isdisjoint(fr.SPEECH_LEMMAS) for at in told)


def announces_speech(site: Site) -> bool:
    """'Il dit d'une voix basse :' waits for what he said; so does 'Il la regarda et dit'."""
    if reaches_stop(site):
        return False
    verb = next((at for at in range(site.cut.end - 1, site.cut.begin - 1, -1) if _is_verb(site, at)), site.clause.head)
    if not _announces(site, verb) and not _announces(site, site.clause.head):
        return False
    said_it = not {"le", "la", "l'", "les"}.isdisjoint(site.parse.norms(site.cut.begin, site.clause.finite))
    if verb + 1 < site.cut.end and _announces(site, verb):
        return not said_it and site.parse.tokens[verb + 1].norm not in _OPENING_OBJECTS
    return not said_it and not any(site.parse.child(site.clause.head, "obj", "ccomp"))


def _is_verb(site: Site, at: int) -> bool:
    return site.forms.is_only_verb(site.parse.tokens[at].norm)


def _announces(site: Site, at: int) -> bool:
    return not site.forms.lemmas(site.parse.tokens[at].norm).isdisjoint(fr.ANNOUNCING_LEMMAS)


def tears_choice(site: Site) -> bool:
    """'soit à Cuba, soit à Madagascar', 'ni ... ni', 'l'un ... l'autre', 'un de ces hommes qui'."""
    inside, after = site.inside, site.after
    if any(word in inside and word in after for word in ("soit", "ni")):
        return True
    return (
        ("de", "ces") in pairwise(inside)
        and not {"un", "une"}.isdisjoint(inside)
        and not fr.CLEFT_WORDS.isdisjoint(after)
    )


def tears_too_much(site: Site) -> bool:
    """'trop petit pour hasarder'."""
    return not {"trop", "assez"}.isdisjoint(site.inside) and "pour" in site.after


def drops_report(site: Site) -> bool:
    """', croyait-elle,' or ', disait-il,' anywhere makes it somebody's belief; 'dit-il' only quotes."""
    words = (*site.before, *site.inside, *site.after)
    inverted = [one for one, two in pairwise(words) if stands_behind(two)]
    inserted = [two for one, two in pairwise(words) if one == "," and site.forms.is_imperfect(two)]
    return any(_reports(site, verb) for verb in (*inverted, *inserted))


def _reports(site: Site, verb: str) -> bool:
    lemmas = site.forms.lemmas(verb)
    return bool(lemmas & fr.BELIEF_LEMMAS) or (bool(lemmas & fr.SPEECH_LEMMAS) and site.forms.is_imperfect(verb))


def tears_pair(site: Site) -> bool:
    """'entre A et B', 'il voyait ou sentait', 'du 13 au 14', 'à droite et à gauche'."""
    last, following = site.inside[-1], site.after[0]
    if (last.isdigit() or site.parse.tokens[site.cut.end - 1].pos == "NUM") and following in {"au", "à", "et"}:
        return True
    return following == "ou" or (
        following == "et" and ("entre" in site.inside or last in {"droite", "gauche", "haut", "çà"})
    )


def tears_likeness(site: Site) -> bool:
    """'comme un aveugle' of 'comme un aveugle qui ne voit rien'."""
    return "comme" in site.inside and site.cut.kind in {End.RELATIVE, End.PARTICIPLE}


def drops_wish(site: Site) -> bool:
    """'Il chercha un établissement qui fût connu': there may be none."""
    near = site.after[1 : 2 + _NEAR]
    return site.after[0] in fr.CLEFT_WORDS and any(site.forms.is_subjunctive(word) for word in near)


def stands_in_unfinished(site: Site) -> bool:
    """A piece that begins before the clause around it has had its verb: 'sur lequel Paul, | son fils allaient'."""
    for word in reversed(site.context.before):
        if word in _SUBORDINATORS:
            return True
        if site.forms.is_only_verb(word):
            return False
    return False


def corrects(site: Site) -> bool:
    """'Elle tendit, non plus sa main, mais son front'."""
    return not {("non", "plus"), ("non", "pas"), ("non", "point")}.isdisjoint(pairwise(site.inside))


def hides_complement(site: Site) -> bool:
    """'Il ne se souciait pas, on le comprenait, d'affronter ...': the complement stands behind an insertion; so does
    the object of 'Il avait jeté çà et là, au milieu des écueils, une barque'.
    """
    later = site.after[:_FAR] if site.after[0] == "," else ()
    if any(one == "," and two in {"de", "d'", "du", "que", "qu'"} for one, two in pairwise(later)):
        return True
    if not {"que", "qu'"}.isdisjoint(later) and site.inside[:2] in {("il", "est"), ("il", "était")}:
        return True
    has_noun = any(site.clause.finite < at < site.cut.end for at in site.parse.child(site.clause.head, "obj", "xcomp"))
    named = has_noun and any(t.pos in {"NOUN", "PROPN"} for t in site.parse.tokens[site.clause.finite : site.cut.end])
    return (
        not named
        and _often_has_object(site)
        and any(one == "," and two in fr.ARTICLES for one, two in pairwise(later[1:]))
    )


def _often_has_object(site: Site) -> bool:
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    return any(site.frames.may_have_object(verb) for verb in usage.verbs)


def supposes(site: Site) -> bool:
    """A conditional tells what might be, or what somebody thought would be."""
    return site.clause.conditional


def leaves_condition_open(site: Site) -> bool:
    """'Elle se résignera, et si elle souffre': the 'si' has lost what it leads to."""
    pairs = set(pairwise(site.inside))
    if site.cut.kind is not End.STOP and not {("et", word) for word in ("quand", "lorsque", "comme")}.isdisjoint(pairs):
        return True
    return site.cut.kind is not End.STOP and ("si" in site.inside[1:] or ("s'", "il") in pairwise(site.inside))


def tears_proportion(site: Site) -> bool:
    """'plus elle y pensait, plus ...'."""
    return bool(site.before) and site.before[-1] in {"plus", "moins"}


def tears_list_of_bare(site: Site) -> bool:
    """'père et mère', 'l'impérieuse et pressante nécessité': one thing in two words."""
    if site.cut.kind is not End.LIST:
        return False
    return site.after[1] not in _OPENING_OBJECTS | frozenset(fr.PREPOSITIONS)


def tears_bare_noun(site: Site) -> bool:
    """'en homme qui a un but'."""
    if site.cut.kind is not End.RELATIVE or site.parse.tokens[site.cut.end - 1].pos != "NOUN":
        return False
    return not any(site.parse.child(site.cut.end - 1, "det"))


def drops_restriction(site: Site) -> bool:
    """'Conservez le souvenir du malheureux qui vous a perdue': which one is in the relative."""
    if site.cut.kind is not End.RELATIVE:
        return False
    noun = site.parse.tokens[site.cut.end - 1]
    at = site.cut.end - 1 if noun.pos in {"NOUN", "PROPN"} else noun.head
    before = site.parse.norms(site.parse.left[at], at)
    return not fr.DEFINITE.isdisjoint(before)


def drops_manner(site: Site) -> bool:
    """'des manières comme il faut', 'bien faite pour plaire', 'Il avait déjà pris'."""
    last = site.parse.tokens[site.cut.end - 1]
    if site.after[0] == "comme":
        return True
    if site.cut.kind is End.PURPOSE and (last.pos == "ADJ" or "VerbForm=Part" in last.morph):
        return True
    return site.cut.kind is End.PARTICIPLE and "avoir" in site.forms.lemmas(site.verb)


def drops_fronted(site: Site) -> bool:
    """'À cette science, il donnait toutes ses heures': what the verb often asks for stands in front; or it says how
    far a denial goes ('Sous ce rapport, il n'y avait rien à craindre').
    """
    before = site.before
    if not before or before[-1] != ",":
        return False
    if before[:2] in {("de", "la"), ("de", "l'")}:
        return True
    begin = max((at + 1 for at, word in enumerate(before[:-1]) if word == ","), default=0)
    fronted = fr.PREPOSITIONS.get(before[begin])
    if fronted is not None and (site.clause.negated or fronted in {"entre", "pour", "contre"}):
        return True
    prepositions = {fronted, fr.PREPOSITIONS.get(before[0])} & {"à", "de"}
    if not prepositions:
        return False
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    return any(not site.frames.is_rare(verb, one or "") for verb in usage.verbs for one in prepositions)


def tears_manner(site: Site) -> bool:
    """'d'un air' of 'd'un air qui disait leur inquiétude'."""
    return site.cut.kind is not End.STOP and site.inside[-3:-1] in {("d'", "un"), ("d'", "une")}


def denies_of_anything(site: Site) -> bool:
    """'un secret qui n'était pas le sien': no secret of the story."""
    again = site.clause.said_again
    if site.clause.kind is not ClauseKind.RELATIVE or not site.clause.negated or again is None:
        return False
    return site.parse.tokens[again[0]].norm in {"un", "une", "des"}


def drops_complement(site: Site) -> bool:
    """A 'de' that begins right behind the card belongs to its last words, whatever the parser says."""
    return _drops_de(site) and not _ends_in_known_noun(site)


def drops_added_complement(site: Site) -> bool:
    """The same behind a noun that is known without it: 'il releva sa tête | de lion'."""
    return _drops_de(site) and _ends_in_known_noun(site)


def _drops_de(site: Site) -> bool:
    return site.after[0] in {"de", "d'", "du", "des"}


def _ends_in_known_noun(site: Site) -> bool:
    """A noun with its adjectives behind 'son', 'ce', 'un'."""
    last = site.cut.end - 1
    noun = last if site.parse.tokens[last].pos in {"NOUN", "PROPN"} else site.parse.tokens[last].head
    determiner = next((site.parse.tokens[at].norm for at in site.parse.child(noun, "det") if at < noun), "")
    return determiner in fr.KNOWN_BY


def drops_when(site: Site) -> bool:
    """'Quand elle venait, il partait': without its 'when' a habit is told as one time."""
    once = site.forms.is_passe_simple(site.verb)
    return not once and not {"quand", "lorsque", "lorsqu'", "chaque", "comme"}.isdisjoint(site.context.before)


def drops_que(site: Site) -> bool:
    return site.after[0] in {"que", "qu'"}


def starves_verb(site: Site) -> bool:
    """Takes from the verb what it nearly always has: 'Il avait à ses côtés', 'Elle prononça d'une voix joyeuse'."""
    if reaches_stop(site):
        return False
    return site.frames.miss(usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms))


def starves_infinitive(site: Site) -> bool:
    """'Il crut trouver dans son sourire': the same of an infinitive inside."""
    if reaches_stop(site):
        return False
    inside = range(site.cut.begin, site.cut.end)
    return any("VerbForm=Inf" in site.parse.tokens[at].morph and _lacks_object(site, at) for at in inside)


def _lacks_object(site: Site, infinitive: int) -> bool:
    children = [at for at in site.parse.children[infinitive] if site.cut.begin <= at < site.cut.end]
    return not has_object(site.parse, children) and site.frames.wants_object(site.parse.tokens[infinitive].norm)


def starves_inner_verb(site: Site) -> bool:
    """'Il leur dit qu'ils pouvaient': another conjugated verb inside that lacks what it nearly always has."""
    others = (at for at in range(site.cut.begin, site.cut.end) if at not in {site.clause.head, site.clause.finite})
    return not reaches_stop(site) and any(is_starved(site, at) for at in others)


LOSSES = (
    drops_fronted,
    tears_manner,
    denies_of_anything,
    starves_verb,
    starves_infinitive,
    starves_inner_verb,
    drops_restriction,
    drops_manner,
    tears_list_of_bare,
    tears_bare_noun,
    drops_condition,
    tears_measure,
    tears_cleft,
    tears_negation,
    awaits_more,
    follows_reported_speech,
    drops_que,
    announces_speech,
    tears_choice,
    tears_pair,
    tears_likeness,
    drops_wish,
    stands_in_unfinished,
    corrects,
    hides_complement,
    supposes,
    drops_complement,
    drops_added_complement,
    drops_circumstance,
    drops_when,
    leaves_condition_open,
    tears_proportion,
    tears_too_much,
    drops_report,
)
