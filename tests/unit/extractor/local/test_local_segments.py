import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge, Segment, split_segments
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def segments(text: str, known: Forms) -> tuple[Segment, ...]:
    return split_segments(split_words(text), known)


def texts(text: str, known: Forms) -> list[str]:
    return [" ".join(word.text for word in segment.words) for segment in segments(text, known)]


def test_a_sentence_is_cut_at_strong_marks_and_not_at_commas(known: Forms) -> None:
    text = "Il vint, elle partit ; la porte claqua : tout dormait."
    assert texts(text, known) == ["Il vint , elle partit", "la porte claqua", "tout dormait"]
    assert [segment.closer for segment in segments(text, known)] == [Edge.SEMICOLON, Edge.COLON, Edge.FULL_STOP]


def test_what_stands_between_dashes_or_brackets_is_an_aside(known: Forms) -> None:
    found = segments("Il vint — la nuit tombait — et dormit (il était las).", known)
    assert [segment.aside for segment in found] == [False, True, False, True]


def test_a_dash_that_opens_a_speech_is_no_aside(known: Forms) -> None:
    assert [segment.aside for segment in segments("— Je pars demain. — Moi aussi, je pars.", known)] == [False, False]


def test_a_small_letter_after_an_ellipsis_goes_on_with_the_sentence(known: Forms) -> None:
    first, second = segments("Il voulait… dormir un peu.", known)
    assert first.closer is Edge.BREAK
    assert second.opener is Edge.BREAK


def test_a_pronoun_in_small_letters_after_an_exclamation_begins_a_sentence(known: Forms) -> None:
    assert segments("Il est parti ! il ne reviendra pas.", known)[0].closer is Edge.FULL_STOP


def test_who_speaks_behind_an_exclamation_is_no_part_of_it(known: Forms) -> None:
    first, second = segments("— Mais je ne l'aime pas ! se récria Pierre Lathon.", known)
    assert first.closer is Edge.FULL_STOP
    assert segments("Il bondit ! alors la porte claqua.", known)[0].closer is Edge.BREAK
    assert second.opener is Edge.FULL_STOP


def test_a_sentence_goes_on_fresh_behind_an_exclamation_of_a_word_or_two(known: Forms) -> None:
    *_, last = segments("— Ah ! mon Dieu ! votre curiosité est satisfaite.", known)
    assert last.opener is Edge.START
    assert segments("Ces hommes ! votre curiosité est grande.", known)[-1].opener is Edge.BREAK


def test_words_between_closed_guillemets_are_quoted(known: Forms) -> None:
    assert [s.quoted for s in segments("Il cria : « Je viens. » La porte s'ouvrit.", known)] == [False, True, False]
    assert not segments("« Je viens de loin.", known)[0].quoted


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("— Je pars demain, dit-il.", "Je pars demain"),
        ("— Je pars demain, répondit le vieux capitaine.", "Je pars demain"),
        ("— Demain, lui dit-elle, je pars.", "Demain , je pars"),
    ],
)
def test_an_incise_is_taken_out(text: str, left: str, known: Forms) -> None:
    (segment,) = segments(text, known)
    assert " ".join(word.text for word in segment.words) == left
    assert segment.joint is not None


def test_an_incise_in_the_imparfait_stays_because_it_reports(known: Forms) -> None:
    (segment,) = segments("La guerre, disait-il, était finie.", known)
    assert segment.joint is None
