"""What a clause is told without: phrases behind it, by a parse or by its words alone."""

import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.pieces import inner_pieces, stumps
from extractor.engines.local.prunings import prunings
from extractor.engines.local.segments import Edge, Segment, split_segments
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms, tree

CRATE_TEXT = "Il s'assit avec lenteur sur une caisse placée au fond."
CRATE = tree(
    "Il PRON nsubj 3",
    "s' PRON expl:comp 3",
    "assit VERB root 0",
    "avec ADP case 5",
    "lenteur NOUN obl:mod 3",
    "sur ADP case 8",
    "une DET det 8",
    "caisse NOUN obl:arg 3",
    "placée VERB acl 8",
    "au ADP case 11",
    "fond NOUN obl:mod 9",
    ". PUNCT punct 3",
)
QUESTION_TEXT = "As-tu bien vu la maison de la dame dans le parc hier ?"
QUESTION = tree(
    "As AUX aux:tense 4",
    "-tu PRON nsubj 4",
    "bien ADV advmod 4",
    "vu VERB root 0",
    "la DET det 6",
    "maison NOUN obj 4",
    "de ADP case 9",
    "la DET det 9",
    "dame NOUN nmod 6",
    "dans ADP case 12",
    "le DET det 12",
    "parc NOUN obl:mod 4",
    "hier ADV advmod 4",
    "? PUNCT punct 4",
)
RIVALS = tree(
    "Il PRON nsubj 2",
    "rencontra VERB root 0",
    "des DET det 4",
    "gens NOUN obj 2",
    "moins ADV advmod 6",
    "riches ADJ amod 4",
    ". PUNCT punct 2",
)


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def segment_of(text: str, forms: Forms) -> Segment:
    (segment,) = split_segments(split_words(text), forms)
    return segment


def text_of(segment: Segment) -> str:
    return " ".join(word.text for word in segment.words)


def told(text: str, parse: Parse, forms: Forms, most: int = 8) -> dict[str, Segment]:
    return {text_of(each): each for each in prunings(segment_of(text, forms), parse, forms, most)}


def test_phrases_behind_a_clause_are_left_out_from_its_end(known: Forms) -> None:
    found = told(CRATE_TEXT, CRATE, known)

    assert list(found) == [
        "Il s' assit avec lenteur sur une caisse placée",
        "Il s' assit avec lenteur sur une caisse",
        "Il s' assit avec lenteur",
    ]
    crate = found["Il s' assit avec lenteur sur une caisse"]
    assert crate.after == ("placée", "au", "fond")
    assert (crate.closer, crate.mark) == (Edge.COMMA, "")
    assert crate.pruned == ("tail:acl", "tail:acl:other")


def test_a_clause_without_more_than_a_card_may_hold_is_none(known: Forms) -> None:
    assert list(told(CRATE_TEXT, CRATE, known, most=4)) == ["Il s' assit avec lenteur"]


def test_what_would_be_another_without_a_word_keeps_it(known: Forms) -> None:
    assert told("Il rencontra des gens moins riches.", RIVALS, known) == {}


def test_a_question_stays_one(known: Forms) -> None:
    found = told(QUESTION_TEXT, QUESTION, known)

    assert "As -tu bien vu la maison de la dame" in found
    assert all((each.closer, each.mark) == (Edge.QUESTION, "?") for each in found.values())


def told_by_words(text: str, forms: Forms) -> list[str]:
    return [text_of(each) for each in stumps(segment_of(text, forms), forms, 8)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Lucie remonta vivement chez elle, ne mit guère qu'un quart d'heure à déjeuner.",
            ["Lucie remonta vivement chez elle", "Lucie remonta vivement"],
        ),
        (
            "Mais coupez-moi les cheveux à la tondeuse, mon ami.",
            ["coupez -moi les cheveux à la tondeuse", "coupez -moi les cheveux"],
        ),
        ("Dans la grande salle du vieux château de son père, au fond du parc.", []),  # no verb
        ("Savez-vous que la ville de votre père a brûlé ?", []),  # asked
    ],
)
def test_a_stump_ends_where_a_phrase_may_begin(text: str, found: list[str], known: Forms) -> None:
    assert told_by_words(text, known) == found


def test_a_stump_of_a_piece_knows_all_the_words_around_it(known: Forms) -> None:
    segment = segment_of("Il craignait le froid, elle ouvrit la fenêtre de la chambre, il partit.", known)
    piece = next(each for each in inner_pieces(segment, known) if text_of(each).startswith("elle"))

    stump = next(each for each in stumps(piece, known, 8) if text_of(each) == "elle ouvrit la fenêtre")

    assert stump.before == ("il", "craignait", "le", "froid", ",")
    assert stump.after == ("de", "la", "chambre", ",", "il", "partit")


def test_what_stood_around_an_incise_is_parsed_by_halves(known: Forms) -> None:
    segment = segment_of("Je viens de loin, dit-il, et je repars demain.", known)

    before, behind = inner_pieces(segment, known)

    assert (text_of(before), before.closer) == ("Je viens de loin", Edge.COMMA)
    assert (text_of(behind), behind.closer, behind.mark) == ("et je repars demain", Edge.FULL_STOP, ".")
