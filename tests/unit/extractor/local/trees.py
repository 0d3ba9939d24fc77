"""Hand-made parses, so that rules are tested without a model."""

from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.syntax import Parse, Token, build_parse
from extractor.lexicon import french

_MORPHS = {"rel": "PronType=Rel", "inf": "VerbForm=Inf", "sub": "Mood=Sub|VerbForm=Fin"}


def tree(*rows: str) -> Parse:
    """One row per word: `text pos dep head [mark]`, the head by its 1-based row (0: the root)."""
    return build_parse(_token(row, at) for at, row in enumerate(rows))


def forms() -> Forms:
    return load_forms(french())


def _token(row: str, at: int) -> Token:
    text, pos, dep, head, *marks = row.split()
    return Token(text, pos, dep, int(head) - 1 if int(head) else at, "|".join(_MORPHS[mark] for mark in marks))
