"""Adverbs that a clause can do without, and those that say what it says."""

import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.insertions import without_adverbs
from extractor.engines.local.segments import split_segments
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def thinned(text: str, forms: Forms) -> str | None:
    (segment,) = split_segments(split_words(text), forms)
    found = without_adverbs(segment, forms)
    return None if found is None else " ".join(word.text for word in found.words)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "Les guerres de la Fronde ensanglantaient alors la France.",
            "Les guerres de la Fronde ensanglantaient la France",
        ),
        ("Il rendit prudemment la lettre à la vieille dame.", "Il rendit la lettre à la vieille dame"),
        ("Il ne rendit donc pas la lettre à la dame.", "Il ne rendit pas la lettre à la dame"),
    ],
)
def test_an_adverb_amid_a_long_clause_is_left_out(text: str, left: str, known: Forms) -> None:
    assert thinned(text, known) == left


@pytest.mark.parametrize(
    "text",
    [
        "Il rendit rarement la lettre à la vieille dame.",  # it tells how often
        "Il rendit apparemment la lettre à la vieille dame.",  # and whether
        "Il ne rendit pas prudemment la lettre à la dame.",  # the denial may be of this
        "La balle avait évidemment frappé le chien à la tête.",
        "Seulement alors il rendit la lettre à la vieille dame.",
        "Il rendit si prudemment la lettre à la vieille dame.",  # 'si' needs it
        "Il rendit prudemment et vite la lettre à la dame.",
        "Il remarqua chez elle le sentiment de la vieille dame.",  # a noun
        "Je me suis assis hier soir à la table de la dame.",
        "Il rendit la lettre à la vieille dame prudemment.",  # at the end a cut can leave it out
        "Il rendit prudemment la lettre.",  # short enough
        "Elle quitta pour toujours la maison de son père.",  # of 'pour'
        "Il lisait le journal de demain dans la grande salle.",
        "Je sais très bien que demain sera le jour de la fête.",  # a subject
        "Il parlait comme toujours avec les amis de son père.",
    ],
)
def test_what_a_clause_needs_stays(text: str, known: Forms) -> None:
    assert thinned(text, known) is None
