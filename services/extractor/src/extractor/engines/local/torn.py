"""Reasons against a cut that takes a needed part from its verb, mended after independent readings."""

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import ClauseKind
from extractor.engines.local.ends import End
from extractor.engines.local.frames import usage_of
from extractor.engines.local.site import Site, is_ce, reaches_stop

_JUDGING = frozenset({"trouver", "rendre", "croire", "juger", "estimer", "laisser", "supposer", "déclarer"})
_HAVING_TWO = frozenset({"rappeler", "réduire", "inviter", "réserver", "forcer", "obliger", "décider", "condamner"})
_SHORT = 4
_SELVES = frozenset({"même", "mêmes", "-même", "-mêmes"})
_RELATIVES = frozenset({"qui", "que", "qu'", "dont", "où"})
_BEING = frozenset({"être", "avoir"})
_INDEFINITE = frozenset({"un", "une", "des"})
_UNTIL = frozenset({"avant", "pour", "que", "sans", "pourvu", "tant"})


def cuts_behind_denial(site: Site) -> bool:
    """'Alvez n'était point | , comme on le croit, un blanc'; 'Les bruits arrivaient à peine | jusqu'à eux'."""
    if site.cut.kind in {End.STOP, End.CLAUSE, End.COORDINATED, End.QUESTION}:
        return False
    is_bare = len(site.inside) > 1 and "être" in site.forms.lemmas(site.inside[-2])
    return (is_bare and site.inside[-1] in fr.NEGATIONS) or site.inside[-2:] == ("à", "peine")


def judges_nothing(site: Site) -> bool:
    """'Il trouvait toute naturelle | leur fureur': the adjective is there, what it is said of is not."""
    if site.forms.lemmas(site.parse.tokens[site.clause.head].norm).isdisjoint(_JUDGING):
        return False
    behind = site.parse.tokens[site.clause.head + 1 : site.cut.end]
    clitics = site.parse.norms(site.cut.begin, site.clause.finite)
    has_object = any(token.dep == "det" or token.pos in {"PROPN", "PRON", "VERB"} for token in behind)
    short = 0 < len(behind) < _SHORT and not reaches_stop(site)
    all_of = bool(behind) and behind[0].norm in {"tout", "toute", "tous", "toutes"}
    return short and (all_of or not has_object) and fr.OBJECT_CLITICS.isdisjoint(clitics)


def ends_in_self(site: Site) -> bool:
    """'Ils se sentirent eux-mêmes | gagnés'."""
    last = site.inside[-1]
    return not reaches_stop(site) and (last in _SELVES or last.endswith(("-même", "-mêmes")))


def tears_presentation(site: Site) -> bool:
    """'Il y a toujours de l'enfant | , chez le convalescent'; 'Il y eut un homme | , qui …'."""
    if site.inside[:2] != ("il", "y"):
        return False
    behind = site.after[1] if site.after[0] == "," and len(site.after) > 1 else site.after[0]
    return behind in _RELATIVES or behind in fr.PREPOSITIONS or behind == "quelque"


def takes_second_half(site: Site) -> bool:
    """'Elle rappela Lecoq | au sentiment de la situation'; 'Il était réduit | , désormais, à …'."""
    verb = site.forms.lemmas(site.parse.tokens[site.clause.head].norm)
    beside = site.before[:1] if reaches_stop(site) else (*site.before[:1], *site.after)
    return not verb.isdisjoint(_HAVING_TWO) and not {"à", "au", "aux"}.isdisjoint(beside)


def tells_moment(site: Site) -> bool:
    """'Dès qu'ils furent à table': a state that only says when; 'tandis qu'il trottine': in any present."""
    if site.clause.kind is not ClauseKind.FACTIVE:
        return False
    opens = site.parse.tokens[site.clause.begin - 1].norm
    reason = opens in {"puisque", "puisqu'"} or site.parse.norms(0, site.clause.begin)[-2:-1] == ("parce",)
    return not reason and ("P" in site.forms.facts(site.verb).tenses or bool(site.forms.lemmas(site.verb) & _BEING))


def leaves_que_alone(site: Site) -> bool:
    """'Elle ne se doutait point que l'amour'."""
    if site.inside[-1] in {"que", "qu'"} or not {"pas", "point"} & set(site.inside):
        return False
    at = max((at for at, word in enumerate(site.inside) if word in {"que", "qu'"}), default=None)
    return at is not None and not any(
        site.forms.is_finite(w) or site.forms.is_subjunctive(w) for w in site.inside[at + 1 :]
    )


def mistakes_participle(site: Site) -> bool:
    """'Il avait laisse croître': a misprint."""
    following = site.parse.tokens[site.clause.finite + 1]
    if "avoir" not in site.forms.lemmas(site.verb) or following.pos not in {"VERB", "AUX"}:
        return False
    return site.forms.is_indicative(following.norm) and "K" not in site.forms.facts(following.norm).tenses


def ends_in_open_infinitive(site: Site) -> bool:
    """'Il semblait prendre | , à compromettre la duchesse, un plaisir'."""
    last = site.parse.tokens[site.cut.end - 1]
    if site.cut.kind in {End.STOP, End.QUESTION, End.CLAUSE, End.COORDINATED} or "VerbForm=Inf" not in last.morph:
        return False
    clitics = site.parse.norms(site.cut.end - 3, site.cut.end - 1)
    return fr.OBJECT_CLITICS.isdisjoint(clitics) and site.frames.may_have_object(last.norm)


def starves_at_stop(site: Site) -> bool:
    """'Les chasseurs reprirent.': bare even at the author's own stop, though the verb nearly always has an object."""
    if not reaches_stop(site):
        return False
    usage = usage_of(site.parse, site.clause, site.cut.begin, site.cut.end, site.forms)
    return usage.is_bare and bool(usage.verbs) and all(site.frames.wants_object(verb) for verb in usage.verbs)


def opens_with_formula(site: Site) -> bool:
    """'On l'a dit, avait élevé l'orphelin': the subject stands before the formula."""
    text = " ".join(site.inside)
    return text.startswith(tuple(f"{formula} ," for formula in fr.FORMULAS))


def drops_limit(site: Site) -> bool:
    """'On me tuera | avant de …'; 'Il faut attendre | pour …'; 'pendant la nuit, | il sera difficile'."""
    tenses = site.forms.facts(site.verb).tenses
    future = "F" in tenses and "J" not in tenses
    needs = "falloir" in site.forms.lemmas(site.verb)
    behind = site.after[0] in _UNTIL or site.after[:2] in {(",", word) for word in _UNTIL}
    lead = bool(site.before) and site.before[-1] == "," and any(word in fr.PREPOSITIONS for word in site.before)
    return (behind and (future or needs)) or (future and lead)


def tells_of_all(site: Site) -> bool:
    """'Ils demeuraient effarés par cette vie | qui continuait': 'this' is told by its relative."""
    return site.after[0] in _RELATIVES and not {"ce", "cet", "cette", "ces", "quelque", "tel"}.isdisjoint(
        site.inside[-3:]
    )


def repeats_subject_loosely(site: Site) -> bool:
    """'un sommeil réparateur qui dura deux heures', 'des raisons qui …': a thing that is told only as another's."""
    again = site.clause.said_again
    if site.clause.kind is not ClauseKind.RELATIVE or again is None:
        return False
    return site.parse.tokens[again[0]].norm in _INDEFINITE | {"de", "d'"}


def ends_in_comparison(site: Site) -> bool:
    return is_ce(site) and ("avec" in site.inside[2:4] or site.inside[2:3] == ("maintenant",))


TORN = (
    cuts_behind_denial,
    judges_nothing,
    ends_in_self,
    tears_presentation,
    takes_second_half,
    tells_moment,
    leaves_que_alone,
    mistakes_participle,
    ends_in_open_infinitive,
    starves_at_stop,
    opens_with_formula,
    drops_limit,
    tells_of_all,
    repeats_subject_loosely,
    ends_in_comparison,
)
