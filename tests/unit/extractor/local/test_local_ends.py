import pytest

from extractor.engines.local.clauses import find_clauses
from extractor.engines.local.ends import Cut, End, possible_ends, tears_of
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge
from tests.unit.extractor.local.trees import forms, tree

# Il prit son chapeau , puis elle partit .
TWO_CLAUSES = tree(
    "Il PRON nsubj 2",
    "prit VERB ROOT 0",
    "son DET det 4",
    "chapeau NOUN obj 2",
    ", PUNCT punct 8",
    "puis ADV advmod 8",
    "elle PRON nsubj 8",
    "partit VERB conj 2",
    ". PUNCT punct 2",
)


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def test_the_end_before_a_clause_with_its_own_subject_is_known_as_such(known: Forms) -> None:
    clauses = find_clauses(TWO_CLAUSES, known)
    ends = dict(possible_ends(TWO_CLAUSES, clauses[0], clauses, Edge.FULL_STOP))
    assert ends[4] is End.CLAUSE
    assert ends[8] is End.STOP


def test_a_segment_that_a_bracket_breaks_off_has_no_end_there(known: Forms) -> None:
    clauses = find_clauses(TWO_CLAUSES, known)
    assert 8 not in dict(possible_ends(TWO_CLAUSES, clauses[1], clauses, Edge.BREAK))


def test_a_cut_that_leaves_out_a_coordinated_clause_is_closed(known: Forms) -> None:
    clause = find_clauses(TWO_CLAUSES, known)[0]
    assert not list(tears_of(TWO_CLAUSES, clause, Cut(0, 4, End.CLAUSE)))


def test_a_cut_that_leaves_out_an_object_is_not(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "regardait VERB ROOT 0",
        ", PUNCT punct 4",
        "immobile ADJ acl 2",
        ", PUNCT punct 4",
        "la DET det 7",
        "mer NOUN obj 2",
        ". PUNCT punct 2",
    )
    (clause,) = find_clauses(parse, known)
    assert list(tears_of(parse, clause, Cut(0, 2, End.COMMA)))


def test_an_adverbial_may_go_only_behind_a_comma(known: Forms) -> None:
    def parse(mark: str) -> tuple[str, ...]:
        return (
            "Il PRON nsubj 2",
            "dormait VERB ROOT 0",
            "bien ADV advmod 2",
            mark,
            "chez ADP case 6",
            "lui PRON obl:mod 2",
            ". PUNCT punct 2",
        )

    behind_comma, bare = tree(*parse(", PUNCT punct 6")), tree(*parse("là ADV advmod 6"))
    (clause,) = find_clauses(behind_comma, known)
    assert not list(tears_of(behind_comma, clause, Cut(0, 3, End.COMMA)))
    (clause,) = find_clauses(bare, known)
    assert list(tears_of(bare, clause, Cut(0, 3, End.COMMA)))
