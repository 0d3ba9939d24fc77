import pytest

from extractor.engines.local.clauses import find_clauses
from extractor.engines.local.doubts import doubts
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frame, Frames
from extractor.engines.local.presupposed import find_presupposed
from extractor.engines.local.site import Site
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vetoes import objections_to
from tests.unit.extractor.local.trees import forms, tree

FRAMES = Frames({"avoir": Frame(100, 95, 1, {"à": 30}), "dormir": Frame(100, 0, 80, {"dans": 2, "à": 40})})


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def judged(parse: Parse, cut: Cut, known: Forms) -> str | None:
    """The first objection."""
    return next(objections_to(Site(parse, find_clauses(parse, known)[0], cut, known, FRAMES)), None)


def doubted(parse: Parse, cut: Cut, known: Forms) -> tuple[str, ...]:
    """Names of the doubts about a cut that no rule objects to."""
    site = Site(parse, find_clauses(parse, known)[0], cut, known, FRAMES)
    assert not list(objections_to(site))
    return doubts(site)


SLEEP = ("Le DET det 2", "chien NOUN nsubj 3", "dormait VERB ROOT 0", "bien ADV advmod 3")


def test_a_plain_clause_passes(known: Forms) -> None:
    assert judged(tree(*SLEEP, ". PUNCT punct 3"), Cut(0, 4, End.STOP), known) is None


@pytest.mark.parametrize("word", ["si", "sans", "peut-être", "sauf"])
def test_a_condition_left_out_behind_the_clause_is_refused(word: str, known: Forms) -> None:
    parse = tree(*SLEEP, ", PUNCT punct 6", f"{word} ADP case 7", "bruit NOUN obl:mod 3", ". PUNCT punct 3")
    assert judged(parse, Cut(0, 4, End.COMMA), known) == "drops_condition"


def test_a_condition_of_another_clause_behind_does_not_matter(known: Forms) -> None:
    parse = tree(
        *SLEEP,
        "et CCONJ cc 7",
        "Paul PROPN nsubj 7",
        "lisait VERB conj 3",
        "sans ADP case 9",
        "bruit NOUN obl:mod 7",
        ". PUNCT punct 3",
    )
    assert judged(parse, Cut(0, 4, End.CLAUSE), known) is None


def test_a_condition_before_the_clause_is_refused(known: Forms) -> None:
    parse = tree(
        "Sans ADP case 2",
        "bruit NOUN obl:mod 6",
        ", PUNCT punct 2",
        "le DET det 5",
        "chien NOUN nsubj 6",
        "dormait VERB ROOT 0",
        ". PUNCT punct 6",
    )
    assert judged(parse, Cut(3, 6, End.STOP), known) == "drops_condition"


def test_a_verb_that_nearly_always_has_an_object_may_not_lose_it(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "avait VERB ROOT 0",
        "à ADP case 5",
        "ses DET det 5",
        "côtés NOUN obl:mod 2",
        ", PUNCT punct 8",
        "une DET det 8",
        "carafe NOUN appos 5",
        ". PUNCT punct 2",
    )
    assert judged(parse, Cut(0, 5, End.COMMA), known) == "starves_verb"


def test_a_negation_torn_from_its_ne_is_refused(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 3",
        "ne ADV advmod 3",
        "dormait VERB ROOT 0",
        "chez ADP case 5",
        "lui PRON obl:mod 3",
        ". PUNCT punct 3",
    )
    assert judged(parse, Cut(0, 5, End.STOP), known) == "tears_negation"


def test_a_denial_without_its_never_is_refused(known: Forms) -> None:
    parse = tree(
        "Jamais ADV advmod 5",
        "elle PRON nsubj 5",
        "n' ADV advmod 5",
        "était AUX cop 5",
        "plus ADV ROOT 0",
        "heureuse ADJ amod 5",
        ". PUNCT punct 5",
    )
    assert judged(parse, Cut(1, 6, End.STOP), known) == "tears_negation"


def test_an_order_may_hold_its_pronoun(known: Forms) -> None:
    parse = tree("Donnez VERB ROOT 0", "-moi PRON iobj 1", "cette DET det 4", "lettre NOUN obj 1", ". PUNCT punct 1")
    (order,) = find_presupposed(parse, known)
    assert not list(objections_to(Site(parse, order, Cut(0, 4, End.STOP), known, FRAMES)))


def test_a_cleft_without_its_second_half_is_refused(known: Forms) -> None:
    parse = tree(
        "C' PRON nsubj 3",
        "était AUX cop 3",
        "Paul PROPN ROOT 0",
        ", PUNCT punct 6",
        "qui PRON nsubj 6 rel",
        "dormait VERB acl:relcl 3",
        ". PUNCT punct 3",
    )
    assert judged(parse, Cut(0, 3, End.COMMA), known) == "tears_cleft"


def test_a_comparison_is_not_torn(known: Forms) -> None:
    parse = tree(
        "Le DET det 2",
        "chien NOUN nsubj 3",
        "dormait VERB ROOT 0",
        "plus ADV advmod 3",
        ", PUNCT punct 7",
        "que SCONJ case 7",
        "Paul PROPN obl:mod 3",
        ". PUNCT punct 3",
    )
    assert judged(parse, Cut(0, 4, End.COMMA), known) == "tears_measure"


def test_somebodys_belief_is_not_told_as_a_fact(known: Forms) -> None:
    parse = tree(*SLEEP, ", PUNCT punct 6", "croit VERB parataxis 3", "-il PRON nsubj 6", ". PUNCT punct 3")
    assert judged(parse, Cut(0, 4, End.COMMA), known) == "drops_report"


def test_what_might_be_is_not_told_as_what_is(known: Forms) -> None:
    parse = tree(
        "Paul PROPN nsubj 2",
        "dormirait VERB ROOT 0",
        "bien ADV advmod 2",
        ", PUNCT punct 5",
        "ici ADV advmod 2",
        ". PUNCT punct 2",
    )
    assert judged(parse, Cut(0, 3, End.COMMA), known) == "supposes"


def test_an_adverbial_is_cut_off_only_where_verb_and_preposition_seldom_meet(known: Forms) -> None:
    def parse(preposition: str) -> Parse:
        return tree(*SLEEP, f"{preposition} ADP case 6", "ville NOUN obl:mod 3", ". PUNCT punct 3")

    assert "tears_adverbial" not in doubted(parse("dans"), Cut(0, 4, End.PREPOSITION), known)
    assert "tears_adverbial" in doubted(parse("à"), Cut(0, 4, End.PREPOSITION), known)


def test_two_content_words_or_a_noun_are_the_least(known: Forms) -> None:
    parse = tree("Il PRON nsubj 2", "dormait VERB ROOT 0", "là ADV advmod 2", ". PUNCT punct 2")
    assert "says_little" in doubted(parse, Cut(0, 3, End.STOP), known)
