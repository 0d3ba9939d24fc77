import pytest

from extractor.engines.local.clauses import ClauseKind, find_clauses
from extractor.engines.local.confidence import read_model, trained_model
from extractor.engines.local.forms import Forms
from extractor.engines.local.pieces import inner_pieces
from extractor.engines.local.presupposed import find_presupposed
from extractor.engines.local.segments import split_segments
from extractor.engines.local.wholes import whole_clause
from extractor.engines.local.words import split_words
from feuilleton.contracts.job_settings import Confidence
from tests.unit.extractor.local.trees import forms, tree


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def test_a_relative_with_qui_tells_of_its_noun(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "suivait VERB ROOT 0",
        "les DET det 4",
        "corbeaux NOUN obj 2",
        "qui PRON nsubj 6 rel",
        "volaient VERB acl:relcl 4",
        ". PUNCT punct 2",
    )
    (clause,) = find_presupposed(parse, known)
    assert (clause.kind, clause.said_again, clause.article) == (ClauseKind.RELATIVE, (2, 4), "")


def test_an_article_drawn_into_a_preposition_is_said_alone(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "parlait VERB ROOT 0",
        "des ADP case 4",
        "corbeaux NOUN obl:arg 2",
        "qui PRON nsubj 6 rel",
        "volaient VERB acl:relcl 4",
        ". PUNCT punct 2",
    )
    (clause,) = find_presupposed(parse, known)
    assert (clause.said_again, clause.article) == ((2, 4), "les")


@pytest.mark.parametrize(("conjunction", "kinds"), [("que", []), ("puisque", [ClauseKind.FACTIVE]), ("quand", [])])
def test_only_conjunctions_that_state_a_fact_give_their_clause(
    conjunction: str, kinds: list[ClauseKind], known: Forms
) -> None:
    parse = tree(
        "Il PRON nsubj 2",
        "partait VERB ROOT 0",
        f"{conjunction} SCONJ mark 5",
        "elle PRON nsubj 5",
        "dormait VERB advcl 2",
        ". PUNCT punct 2",
    )
    assert [clause.kind for clause in find_presupposed(parse, known)] == kinds


AT_THE_TIME = ("Au ADP case 2", "moment NOUN obl:mod 8", "où ADV advmod 5", "il PRON nsubj 5")
LEFT = (", PUNCT punct 8", "elle PRON nsubj 8", "partit VERB ROOT 0", ". PUNCT punct 8")


@pytest.mark.parametrize(("verb", "kinds"), [("sortait", [ClauseKind.FACTIVE]), ("sortira", [])])
def test_what_was_at_that_moment_was(verb: str, kinds: list[ClauseKind], known: Forms) -> None:
    parse = tree(*AT_THE_TIME, f"{verb} VERB acl:relcl 2", *LEFT)
    assert [clause.kind for clause in find_presupposed(parse, known)] == kinds


@pytest.mark.parametrize(
    ("verb", "kinds"), [("vit", [ClauseKind.FACTIVE]), ("crut", []), ("espérait", []), ("savait", [ClauseKind.FACTIVE])]
)
def test_what_somebody_saw_or_knew_is_so(verb: str, kinds: list[ClauseKind], known: Forms) -> None:
    parse = tree(
        "Elle PRON nsubj 2",
        f"{verb} VERB ROOT 0",
        "que SCONJ mark 5",
        "tu PRON nsubj 5",
        "dormais VERB ccomp 2",
        ". PUNCT punct 2",
    )
    assert [clause.kind for clause in find_presupposed(parse, known)] == kinds


def test_what_follows_from_so_much_is_so(known: Forms) -> None:
    parse = tree(
        "Il PRON nsubj 4",
        "était AUX cop 4",
        "si SCONJ mark 4",
        "grand ADJ ROOT 0",
        "qu' SCONJ mark 7",
        "on PRON nsubj 7",
        "riait VERB ccomp 4",
        ". PUNCT punct 4",
    )
    assert [clause.kind for clause in find_presupposed(parse, known)] == [ClauseKind.FACTIVE]


def test_an_order_needs_no_subject(known: Forms) -> None:
    parse = tree("Prenez VERB ROOT 0", "cette DET det 3", "lettre NOUN obj 1", ". PUNCT punct 1")
    assert [clause.kind for clause in find_presupposed(parse, known)] == [ClauseKind.ORDER]


def test_a_question_is_kept_whole_and_a_part_is_not_a_whole(known: Forms) -> None:
    parse = tree("Que PRON obj 2", "voulez VERB ROOT 0", "-vous PRON nsubj 2", "? PUNCT punct 2")
    (asked,) = split_segments(split_words("Que voulez-vous ?"), known)
    (told,) = split_segments(split_words("Que voulez-vous."), known)
    assert whole_clause(parse, asked, known) is not None
    assert whole_clause(parse, told, known) is None


def test_a_subject_far_from_its_verb_is_not_the_noun_before_the_verb(known: Forms) -> None:
    parse = tree(
        "L' DET det 2",
        "œil NOUN nsubj 6",
        "fixe ADJ acl 2",
        ", PUNCT punct 6",
        "Paul PROPN appos 2",
        "dormait VERB ROOT 0",
        ". PUNCT punct 6",
    )
    assert find_clauses(parse, known) == ()


def test_pieces_are_the_clauses_of_a_segment_with_what_stands_around_them(known: Forms) -> None:
    (segment,) = split_segments(split_words("Quand il entra, le chien dormait, et sa femme lisait."), known)
    pieces = list(inner_pieces(segment, known))
    assert [" ".join(word.text for word in piece.words) for piece in pieces] == [
        "Quand il entra",
        "le chien dormait",
        "sa femme lisait",
    ]
    assert pieces[1].before == ("quand", "il", "entra", ",")
    assert pieces[1].after[-2:] == ("femme", "lisait")


def test_a_segment_of_one_clause_has_no_pieces(known: Forms) -> None:
    (segment,) = split_segments(split_words("Le chien dormait devant la porte."), known)
    assert list(inner_pieces(segment, known)) == []


def test_what_goes_on_behind_a_quote_is_no_new_beginning(known: Forms) -> None:
    segments = split_segments(split_words("Un « chut ! » amical fut la seule réponse."), known)
    assert segments[-1].opener.name == "BREAK"


def test_the_model_weighs_named_features_and_keeps_a_threshold_for_each_setting() -> None:
    model = read_model(["bias\t-1", "agreed\t2", "threshold:balanced\t0.9", "threshold:strict\t0.99"])
    assert model.of({"agreed": 1.0, "unheard_of": 5.0}) == pytest.approx(0.7311)
    assert model.thresholds == {Confidence.BALANCED: 0.9, Confidence.STRICT: 0.99}


def test_the_shipped_model_asks_more_of_a_card_at_strict() -> None:
    thresholds = trained_model().thresholds
    assert 0.5 < thresholds[Confidence.BALANCED] < thresholds[Confidence.STRICT] < 1


def test_strict_gives_only_what_both_parses_agree_on_and_what_ends_safely() -> None:
    model = read_model(["bias\t0", "threshold:balanced\t0.9", "threshold:strict\t0.98"])
    assert model.passes(0.99, ("end_stop",), Confidence.STRICT)
    assert not model.passes(0.97, ("end_stop",), Confidence.STRICT)
    assert not model.passes(0.99, ("end_comma",), Confidence.STRICT)
    assert not model.passes(0.99, ("end_stop", "single_parse"), Confidence.STRICT)
    assert model.passes(0.91, ("end_comma", "single_parse"), Confidence.BALANCED)
