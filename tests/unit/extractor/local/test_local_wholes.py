"""Questions as the author asked them, known by their words: the parsers misread most of them."""

import pytest

from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import split_segments
from extractor.engines.local.syntax import Parse, Token, build_parse
from extractor.engines.local.wholes import whole_clause
from extractor.engines.local.words import split_words
from tests.unit.extractor.local.trees import forms


@pytest.fixture(scope="module")
def known() -> Forms:
    return forms()


def misread(text: str) -> Parse:
    """A parse that knows nothing: every word hangs on the first."""
    words = [word.text for word in split_words(text)]
    return build_parse(Token(word, "NOUN", "ROOT" if at == 0 else "dep", 0) for at, word in enumerate(words))


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("Es-tu très bien portant ?", "Es"),
        ("Mais pourquoi ne vient-il pas ?", "vient"),
        ("Est-ce qu'il raconte notre victoire ?", "raconte"),
        ("Est-ce que nous ne le savons pas ?", "savons"),
    ],
)
def test_a_question_is_known_by_its_words(text: str, verb: str, known: Forms) -> None:
    (segment,) = split_segments(split_words(text), known)
    clause = whole_clause(misread(text), segment, known)
    assert clause is not None
    assert misread(text).tokens[clause.finite].text == verb


@pytest.mark.parametrize(
    "text", ["Et la porte ?", "Est-ce que la porte ?", "Quel beau temps ?", "Demain, n'est-ce pas ?"]
)
def test_a_question_without_its_verb_is_none(text: str, known: Forms) -> None:
    (segment,) = split_segments(split_words(text), known)
    assert whole_clause(misread(text), segment, known) is None
