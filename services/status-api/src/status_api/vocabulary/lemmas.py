"""Lemmas of French words, from simplemma's dictionary (docs/adr/0016). Words of a closed class have ours."""

from functools import lru_cache

from simplemma import is_known, lemmatize

_LANGUAGE = "fr"
_CACHED_WORDS = 65_536  # the vocabulary of several novels

_CLOSED = {
    form: lemma
    for lemma, forms in {
        "le": "le la les",
        "un": "un une",
        "des": "des",
        "du": "du",
        "au": "au aux",
        "ce": "ce cet cette ces",
        "je": "je",
        "me": "me",
        "te": "te",
        "mon": "mon ma mes",
        "ton": "ton ta tes",
        "son": "son sa ses",
        "notre": "notre nos",
        "votre": "votre vos",
        "leur": "leur leurs",
        "il": "il ils",
        "elle": "elle elles",
        "quelque": "quelque quelques",
        "beau": "bel",
        "vivre": "vit",
        "suivre": "suit",
    }.items()
    for form in forms.split()
}


def load() -> None:
    """Read the dictionary, half a second of work, once in a process."""
    lemma_of("mot")


def fold(word: str) -> str:
    """One form of what is written in several: small letters, and œ and æ as two."""
    return word.lower().replace("œ", "oe").replace("æ", "ae")


@lru_cache(maxsize=_CACHED_WORDS)
def lemma_of(word: str) -> str:
    """The lemma in small letters; a word that is not known is its own."""
    small = word.lower()
    known = _CLOSED.get(small)
    if known is not None:
        return known
    return lemmatize(_spelt(small), _LANGUAGE)


@lru_cache(maxsize=_CACHED_WORDS)
def known(word: str) -> bool:
    """Whether the dictionary has the word in small letters. It lacks names, and few compounds are in it."""
    small = word.lower()
    return small in _CLOSED or is_known(_spelt(small), _LANGUAGE)


# Endings that a verb in -er shares with nouns and adjectives: `porte`, `donne`, `composé`, `portes`.
_ER_ENDINGS = ("ées", "ent", "ée", "és", "es", "é", "e")
_FEMININE = ("es", "e")


@lru_cache(maxsize=_CACHED_WORDS)
def readings_of(word: str) -> tuple[str, ...]:
    """The lemmas that a word may have, the likeliest first: besides, the verb in -er of which it may be a form, and for
    a form of such a verb the adjective of which it may be the feminine (`grise`).
    """
    likeliest, small = lemma_of(word), word.lower()
    if likeliest.endswith("er"):  # the dictionary lacks common adjectives, so there is no asking whether this is one
        return likeliest, *(small.removesuffix(ending) for ending in _FEMININE if small.endswith(ending))
    verbs = (_spelt(f"{small.removesuffix(ending)}er") for ending in _ER_ENDINGS if small.endswith(ending))
    return likeliest, *(verb for verb in verbs if verb != likeliest and _is_lemma(verb))


def _is_lemma(word: str) -> bool:
    return is_known(word, _LANGUAGE) and lemmatize(word, _LANGUAGE) == word


def _spelt(small: str) -> str:
    """The spelling with or without ligatures that the dictionary has."""
    for other in (small, small.replace("oe", "œ"), fold(small)):
        if is_known(other, _LANGUAGE):
            return other
    return small
