import pytest

from extractor.engines.local.clauses import Clause, find_clauses
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse
from tests.unit.extractor.local.trees import forms, tree


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def verbs(parse: Parse, known: Forms) -> list[str]:
    return [parse.tokens[clause.finite].text for clause in find_clauses(parse, known)]


def one(parse: Parse, known: Forms) -> Clause:
    (clause,) = find_clauses(parse, known)
    return clause


def test_main_and_coordinated_clauses_are_found_with_their_subjects(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "dormait VERB ROOT 0",
        "et CCONJ cc 5",
        "elle PRON nsubj 5",
        "lisait VERB conj 2",
        ". PUNCT punct 2",
    )
    assert verbs(parse, known) == ["dormait", "lisait"]
    assert [clause.begin for clause in find_clauses(parse, known)] == [0, 3]


def test_the_finite_word_of_a_compound_tense_is_its_auxiliary(known: Forms) -> None:
    parse = tree("Il PRON nsubj 4", "ne ADV advmod 4", "avait AUX aux:tense 4", "dormi VERB ROOT 0", ". PUNCT punct 4")
    clause = one(parse, known)
    assert (clause.head, clause.finite, clause.negated) == (3, 2, True)


def test_a_clause_with_a_conjunction_is_not_asserted(known: Forms) -> None:
    parse = tree("Quand SCONJ mark 3", "il PRON nsubj 3", "dormait VERB ROOT 0", "tout ADV advmod 3", ". PUNCT punct 3")
    assert verbs(parse, known) == []


def test_nothing_below_an_unasserted_clause_is_asserted(known: Forms) -> None:
    parse = tree(
        "Si SCONJ mark 3",
        "il PRON nsubj 3",
        "dormait VERB ROOT 0",
        "et CCONJ cc 6",
        "elle PRON nsubj 6",
        "lisait VERB conj 3",
        ". PUNCT punct 3",
    )
    assert verbs(parse, known) == []


def test_a_subjunctive_is_not_asserted(known: Forms) -> None:
    assert verbs(tree("Il PRON nsubj 2", "vînt VERB ROOT 0 sub", ". PUNCT punct 2"), known) == []


def test_a_subject_behind_its_verb_gives_nothing(known: Forms) -> None:
    assert (
        verbs(tree("Ainsi ADV advmod 2", "parlait VERB ROOT 0", "Paul PROPN nsubj 2", ". PUNCT punct 2"), known) == []
    )


def test_a_bare_common_word_is_no_subject(known: Forms) -> None:
    parse = tree("Bouffies ADJ nsubj 3", "se PRON expl:comp 3", "perdit VERB ROOT 0", ". PUNCT punct 3")
    assert verbs(parse, known) == []
    as_noun = tree("Maison NOUN nsubj 2", "dormait VERB ROOT 0", ". PUNCT punct 2")
    assert verbs(as_noun, known) == []


def test_a_given_name_is_a_subject_though_it_is_a_common_word_too(known: Forms) -> None:
    assert verbs(tree("Bernard NOUN nsubj 2", "dormait VERB ROOT 0", ". PUNCT punct 2"), known) == ["dormait"]
    late = tree("Alors ADV advmod 3", "Faucon NOUN nsubj 3", "dormait VERB ROOT 0", ". PUNCT punct 3")
    assert verbs(late, known) == ["dormait"]


def test_mais_before_a_title_is_no_part_of_its_name(known: Forms) -> None:
    parse = tree(
        "Mais CCONJ cc 2",
        "M. NOUN nsubj 5",
        "d' ADP case 4",
        "Arzac PROPN nmod 2",
        "dormait VERB ROOT 0",
        ". PUNCT punct 5",
    )
    assert verbs(parse, known) == ["dormait"]


@pytest.mark.parametrize(("word", "found"), [("Rien", ["dormait"]), ("Chacun", ["dormait"]), ("Aucun", [])])
def test_who_is_not_named_may_be_a_subject(word: str, found: list[str], known: Forms) -> None:
    assert verbs(tree(f"{word} PRON nsubj 2", "dormait VERB ROOT 0", ". PUNCT punct 2"), known) == found


def test_a_subject_must_agree_with_its_verb(known: Forms) -> None:
    parse = tree("Les DET det 2", "voisins NOUN nsubj 3", "dormait VERB ROOT 0", ". PUNCT punct 3")
    assert verbs(parse, known) == []


def test_a_subject_with_a_relative_behind_a_comma_is_said_without_it(known: Forms) -> None:
    parse = tree(
        "L' DET det 2",
        "homme NOUN nsubj 7",
        ", PUNCT punct 5",
        "qui PRON nsubj 5 rel",
        "venait VERB acl:relcl 2",
        ", PUNCT punct 5",
        "dormait VERB ROOT 0",
        ". PUNCT punct 7",
    )
    clause = one(parse, known)
    assert (parse.tokens[clause.finite].text, clause.said_again) == ("dormait", (0, 2))


def test_a_subject_that_its_relative_makes_known_gives_nothing(known: Forms) -> None:
    parse = tree(
        "L' DET det 2",
        "homme NOUN nsubj 5",
        "qui PRON nsubj 4 rel",
        "venait VERB acl:relcl 2",
        "dormait VERB ROOT 0",
        ". PUNCT punct 5",
    )
    assert verbs(parse, known) == []


def test_a_coordinated_verb_without_subject_is_found_without_one(known: Forms) -> None:
    parse = tree("Il PRON nsubj 2", "dormait VERB ROOT 0", "et CCONJ cc 4", "ronflait VERB conj 2", ". PUNCT punct 2")
    assert [clause.subject for clause in find_clauses(parse, known)] == [0, None]
