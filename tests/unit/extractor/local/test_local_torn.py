"""What a cut tears from its verb: each rule by a cut that a reader refused, and by one beside it that he kept."""

import pytest

from extractor.engines.local import torn
from extractor.engines.local.clauses import Clause, ClauseKind
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frame, Frames
from extractor.engines.local.site import Site
from extractor.engines.local.syntax import Token, build_parse
from tests.unit.extractor.local.trees import forms

FRAMES = Frames({"dévorer": Frame(100, 95, 1, {}), "dormir": Frame(100, 0, 80, {}), "prendre": Frame(100, 95, 1, {})})
VERB = "*"  # before the clause's verb
MORPHS = {"INF": ("VERB", "VerbForm=Inf")}


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def site(text: str, kind: End, known: Forms, clause_kind: ClauseKind = ClauseKind.MAIN) -> Site:
    """Words as `word` or `word/POS`, a noun where no POS is told; `[` opens the card and `|` ends it."""
    words = text.replace("[ ", "").replace("| ", "").split()
    begin = text.split().index("[") if "[" in text else 0
    end = text.replace("[ ", "").split().index("|")
    head = next(at for at, word in enumerate(words) if word.startswith(VERB))
    parse = build_parse(_token(word, at, head) for at, word in enumerate(words))
    clause = Clause(head, head, begin, begin, negated=False, kind=clause_kind)
    return Site(parse, clause, Cut(begin, end, kind), known, FRAMES)


def _token(word: str, at: int, head: int) -> Token:
    if at == head:
        return Token(word.removeprefix(VERB), "VERB", "ROOT", head)
    text, _, name = word.partition("/")
    pos, morph = MORPHS.get(name, (name or "NOUN", ""))
    return Token(text, pos, "det" if pos == "DET" else "dep", head, morph)


@pytest.mark.parametrize(
    ("rule", "text", "kind"),
    [
        ("cuts_behind_denial", "Alvez n' *était point | , un blanc .", End.COMMA),
        ("cuts_behind_denial", "Ils *arrivaient à peine | jusqu' eux .", End.PREPOSITION),
        ("judges_nothing", "Il *trouvait toute/ADJ naturelle/ADJ | leur/DET fureur .", End.COMMA),
        ("ends_in_self", "Ils se *sentirent eux-mêmes/PRON | gagnés .", End.PARTICIPLE),
        ("tears_presentation", "il y *eut un/DET homme | , qui dormait .", End.COMMA),
        ("takes_second_half", "Elle *rappela Lecoq | au sentiment .", End.PREPOSITION),
        ("leaves_que_alone", "Elle ne se *doutait point que l' amour | , lui , venait .", End.COMMA),
        ("mistakes_participle", "Il *avait laisse/VERB croître/INF | .", End.STOP),
        ("ends_in_open_infinitive", "Il *semblait prendre/INF | , à rire , un plaisir .", End.COMMA),
        ("starves_at_stop", "Deux/DET chasseurs *dévoraient | .", End.STOP),
        ("opens_with_formula", "[ je le sais , il *dormait | .", End.STOP),
        ("drops_limit", "On me *tuera | avant de partir .", End.PURPOSE),
        ("drops_limit", "Il *faut attendre/INF | pour cela .", End.PURPOSE),
        ("tells_of_all", "Ils *craignaient cette/DET vie | qui continuait .", End.RELATIVE),
        ("ends_in_comparison", "c' *est avec lui | .", End.STOP),
    ],
)
def test_what_is_torn_is_seen(rule: str, text: str, kind: End, known: Forms) -> None:
    assert getattr(torn, rule)(site(text, kind, known))


@pytest.mark.parametrize(
    ("rule", "text", "kind"),
    [
        ("cuts_behind_denial", "Alvez n' *était point un/DET blanc | , dit-on .", End.COMMA),
        ("judges_nothing", "Il *trouvait le/DET chien | naturel .", End.COMMA),
        ("ends_in_self", "Ils *vinrent eux-mêmes/PRON | .", End.STOP),
        ("tears_presentation", "il y *eut un/DET homme | ; il dormait .", End.STOP),
        ("takes_second_half", "Elle *rappela Lecoq | et partit .", End.COORDINATED),
        ("leaves_que_alone", "Elle ne se *doutait point que Paul dormait/VERB | .", End.STOP),
        ("mistakes_participle", "Il *avait laissé/VERB croître/INF | .", End.STOP),
        ("ends_in_open_infinitive", "Il *semblait dormir/INF | , à midi .", End.COMMA),
        ("starves_at_stop", "Deux/DET chasseurs *dormaient | .", End.STOP),
        ("drops_limit", "On me *tua | avant de partir .", End.PURPOSE),
        ("tells_of_all", "Ils *craignaient la/DET vie | qui continuait .", End.RELATIVE),
    ],
)
def test_what_is_whole_passes(rule: str, text: str, kind: End, known: Forms) -> None:
    assert not getattr(torn, rule)(site(text, kind, known))


def test_a_clause_that_only_says_when_is_no_fact_of_its_own(known: Forms) -> None:
    when = site("dès qu' [ ils *furent à table | .", End.STOP, known, ClauseKind.FACTIVE)
    why = site("parce qu' [ ils *furent à table | .", End.STOP, known, ClauseKind.FACTIVE)
    assert torn.tells_moment(when)
    assert not torn.tells_moment(why)


def test_every_rule_is_asked() -> None:
    rules = {rule.__name__ for rule in torn.TORN}
    named = {
        name
        for name, value in vars(torn).items()
        if callable(value) and getattr(value, "__module__", "") == torn.__name__
    }
    assert rules == named
