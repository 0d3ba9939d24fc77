from dataclasses import replace

import pytest

from extractor.engines.local.cards import Lengths, card_text
from extractor.engines.local.ends import Cut, End
from extractor.engines.local.forms import Forms
from extractor.engines.local.proposals import Proposal
from extractor.engines.local.segments import Segment, split_segments
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def first(source: str, known: Forms) -> Segment:
    return split_segments(split_words(source), known)[0]


def text(source: str, known: Forms, begin: int, end: int, subject: tuple[int, int] | None = None) -> str | None:
    return card_text(source, first(source, known), Proposal(Cut(begin, end, End.STOP), subject))


def test_a_cut_gets_a_capital_and_a_full_stop_and_keeps_the_authors_words(known: Forms) -> None:
    assert text("Alors l’enfant pleura, puis se tut.", known, 1, 4) == "L’enfant pleura."


def test_a_cut_to_the_authors_end_keeps_his_mark_and_its_space(known: Forms) -> None:
    assert text("Oui, je pars\u202f!", known, 2, 4) == "Je pars\u202f!"
    assert text("Elle partit bientôt…", known, 0, 3) == "Elle partit bientôt…"
    assert text("Elle partit bientôt ; il resta.", known, 0, 3) == "Elle partit bientôt."


def test_a_question_that_ends_sooner_keeps_the_space_before_its_mark(known: Forms) -> None:
    source = "Où vas-tu si vite ce soir ?"
    whole = first(source, known)
    shorter = replace(whole, words=whole.words[:3])
    assert card_text(source, shorter, Proposal(Cut(0, 3, End.QUESTION))) == "Où vas-tu ?"


def test_quoted_words_stay_between_guillemets(known: Forms) -> None:
    source = "« Je viens de loin » cria-t-il."
    assert text(source, known, 0, 4) == "« Je viens de loin. »"


def test_a_subject_is_said_again_in_the_form_that_its_verb_asks_for(known: Forms) -> None:
    source = "Je pris mon chapeau et ouvris la porte, puis j'entrai et pris place."
    assert text(source, known, 5, 8, (0, 1)) == "J'ouvris la porte."
    assert text(source, known, 13, 15, (10, 11)) == "Je pris place."


def test_before_h_the_form_of_je_is_not_guessed(known: Forms) -> None:
    assert text("Je vins et hésitai.", known, 3, 4, (0, 1)) is None


def test_where_an_incise_was_taken_out_the_text_closes_up(known: Forms) -> None:
    assert text("— Demain, dit-il, je pars.", known, 0, 4) == "Demain, je pars."


def test_lengths_count_words_and_never_allow_fewer_than_three() -> None:
    lengths = Lengths(least=1, most=5)
    assert not lengths.allow("Il dort.")
    assert lengths.allow("— L'ami de Paul dort !")
    assert not lengths.allow("Il dort ici depuis ce matin.")
