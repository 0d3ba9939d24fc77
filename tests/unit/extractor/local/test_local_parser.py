"""What is made of a model's answer."""

from types import SimpleNamespace

import pytest

from extractor.engines.local.parser import Unit, read_parse
from extractor.engines.local.syntax import Parse
from tests.unit.extractor.local.trees import forms


def answered(*rows: tuple[str, str, str, int]) -> Parse:
    """Rows are word, pos, dep and head; the last is the closing mark."""
    tokens = [SimpleNamespace(pos_=pos, dep_=dep, head=SimpleNamespace(i=head), morph="") for _, pos, dep, head in rows]
    words = tuple(row[0] for row in rows[:-1])
    return read_parse(tokens, Unit(words, (True,) * len(words), rows[-1][0]), forms())


@pytest.mark.parametrize(("verb", "dep"), [("détachait", "obj"), ("porte", "det")])
def test_an_article_before_what_is_only_a_verb_is_its_object(verb: str, dep: str) -> None:
    parse = answered(
        ("Philippe", "PROPN", "nsubj", 2),
        ("la", "DET", "det", 2),
        (verb, "NOUN", "ROOT", 2),
        (".", "PUNCT", "punct", 2),
    )
    assert parse.tokens[1].dep == dep
