"""A judge asks for a conjugated root with a subject, or an imperative."""

import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from eval.judges import is_sentence

pytestmark = pytest.mark.heavy  # imports spaCy

FINITE = "VerbForm=Fin|Mood=Ind"


@pytest.mark.parametrize(
    ("words", "heads", "deps", "morphs", "expected"),
    [
        ("Il dort .", [1, 1, 1], ["nsubj", "ROOT", "punct"], ["", FINITE, ""], True),
        ("Dort .", [0, 0], ["ROOT", "punct"], [FINITE, ""], False),
        ("Dors !", [0, 0], ["ROOT", "punct"], ["VerbForm=Fin|Mood=Imp", ""], True),
        ("Il a dormi", [2, 2, 2], ["nsubj", "aux:tense", "ROOT"], ["", FINITE, "VerbForm=Part"], True),
        ("Il dormi", [1, 1], ["nsubj", "ROOT"], ["", "VerbForm=Part"], False),
        ("Homme qui dort", [0, 2, 0], ["ROOT", "nsubj", "acl:relcl"], ["", "", FINITE], False),
    ],
)
def test_what_counts_as_a_sentence(
    words: str,
    heads: list[int],
    deps: list[str],
    morphs: list[str],
    expected: bool,  # noqa: FBT001
) -> None:
    doc = Doc(Vocab(), words=words.split(), heads=heads, deps=deps, morphs=morphs)
    assert is_sentence(doc) is expected
