"""Does a card look like a sentence to a parser that sees nothing but the card?

The models are those of the local engine, but asked in another way: the text as it is, spaCy's own words, no passé
simple turned into imparfait, nothing around it. That the engine chose cards on which its models agree flatters both.
"""

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from eval import cache

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

MODELS = ("fr_core_news_sm", "fr_core_news_md")
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "expl:subj", "csubj", "csubj:pass"})
_HELPERS = frozenset({"aux", "aux:tense", "aux:pass", "cop"})


def judge(model: str, texts: Iterable[str]) -> dict[str, bool]:
    """Whether each text has a root that is conjugated, with a subject or in the imperative."""
    return cache.verdicts(model, texts, partial(_ask, model))


def _ask(model: str, texts: list[str]) -> list[bool]:
    return [is_sentence(doc) for doc in _load(model).pipe(texts, batch_size=64)]


@lru_cache
def _load(model: str) -> "Language":
    import spacy  # noqa: PLC0415  two seconds, and seldom needed: verdicts are kept

    return spacy.load(model, exclude=["ner", "lemmatizer"])


def is_sentence(doc: "Doc") -> bool:
    """One root at least that is conjugated, with a subject or in the imperative."""
    return any(_is_clause(token) for token in doc if token.head == token)


def _is_clause(root: "Token") -> bool:
    children = list(root.children)
    words = [root, *(child for child in children if child.dep_ in _HELPERS)]
    finite = [word for word in words if "Fin" in word.morph.get("VerbForm")]
    imperative = any("Imp" in word.morph.get("Mood") for word in finite)
    return bool(finite) and (imperative or any(child.dep_ in _SUBJECTS for child in children))
