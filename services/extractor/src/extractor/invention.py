"""Whether a card says words that its source does not hold. Pure given the lexicon."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from extractor.french import FUNCTION_WORDS, NEGATIONS, Token, tokenize
from extractor.lexicon import Lexicon

FREE_LEMMAS = frozenset({"être", "avoir"})  # a rewriting may need them anywhere: il était, il y a
MIN_STEM_CHARACTERS = 5  # `triste` lets `tristesse` pass; four let `portrait` pass for `porte`
MIN_STEM_SHARE = 0.75


@dataclass(frozen=True)
class SourceVocabulary:
    """The words that cards of one source sentence may use: its own and those of the sentence before."""

    forms: frozenset[str]
    lemmas: frozenset[str]
    negated: bool


@lru_cache(maxsize=1024)  # the cards of a chunk are judged, and counted later
def vocabulary_of(source: str, before: str, lexicon: Lexicon) -> SourceVocabulary:
    """`before` resolves pronouns, so its words count; whether something is denied is the source's own matter."""
    forms = frozenset(part for text in (source, before) for part in _forms(tokenize(text)))
    lemmas = frozenset(lemma for form in forms for lemma in lexicon.lemmas(form))
    return SourceVocabulary(forms, lemmas, negated=_is_negated(tokenize(source)))


def invented_words(card: str, known: SourceVocabulary, lexicon: Lexicon) -> tuple[str, ...]:
    """The card's content words that neither stand in the source nor are another form of a word that does.

    A negation that the source lacks is an invention too.
    """
    tokens = tokenize(card)
    invented = [token.form for token in tokens if not _is_known(token, known, lexicon)]
    if _is_negated(tokens) and not known.negated:
        invented.append("ne")
    return tuple(invented)


def _is_known(token: Token, known: SourceVocabulary, lexicon: Lexicon) -> bool:
    key = token.key
    if key in FUNCTION_WORDS or key in known.forms:
        return True
    lemmas = lexicon.lemmas(key)
    if lemmas & known.lemmas or lemmas & FREE_LEMMAS:
        return True
    if key.isalpha() and any(_same_stem(key, form) for form in known.forms):
        return True
    return "-" in key and all(part in known.forms for part in key.split("-"))


def _same_stem(left: str, right: str) -> bool:
    shared = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        shared += 1
    return shared >= max(MIN_STEM_CHARACTERS, MIN_STEM_SHARE * min(len(left), len(right)))


def _forms(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        yield token.key
        if "-" in token.key:
            yield from token.key.split("-")


def _is_negated(tokens: Iterable[Token]) -> bool:
    return any(token.key in NEGATIONS for token in tokens)
