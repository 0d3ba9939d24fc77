"""Whether a sentence holds a conjugated verb, by the lexicon and the words beside it."""

from enum import IntEnum

from extractor.french import (
    ARTICLES,
    CLITICS,
    DETERMINERS,
    FUNCTION_WORDS,
    LIGHT_ADVERBS,
    NEGATIONS,
    PLACE_WORDS,
    PREPOSITIONS,
    Token,
)
from extractor.lexicon import Lexicon, Reading

_NOT_AFTER = (DETERMINERS | PREPOSITIONS) - CLITICS
_ARTICLE_OR_OBJECT = frozenset({"le", "la", "les", "l'", "leur"})
# `en` and the object pronouns are also determiners or prepositions: they say little about the next word.
_VERB_FOLLOWS = (CLITICS - ARTICLES - {"en", "ce", "lui", "leur"}) | {"qui"}
# `le`, `la`, `les` behind one of these is a pronoun.
_AHEAD_OF_OBJECT = frozenset({"ne", "n'", "je", "tu", "il", "ils", "on"})

_REACH_OF_AUXILIARY = 3
# Words that may stand between an auxiliary and its participle.
_WITHIN_COMPOUND = LIGHT_ADVERBS | NEGATIONS | {"même", "aussitôt", "souvent", "presque", "peu", "mal", "mieux"}


class Evidence(IntEnum):
    """POSSIBLE: a form that may be a verb or a noun (`la femme porte un manteau`), left to a parser."""

    NONE = 0
    POSSIBLE = 1
    SURE = 2


def evidence_at(tokens: tuple[Token, ...], index: int, lexicon: Lexicon) -> Evidence:
    """Whether the word at `index` is a conjugated verb."""
    token = tokens[index]
    readings = _readings(token, lexicon, first=index == 0)
    if token.joined or not any(reading.finite for reading in readings):
        return Evidence.NONE
    before = tokens[index - 1].key if index else ""
    if _is_participle(tokens, index, readings, lexicon):
        return Evidence.NONE
    shaped = is_incise(tokens, index) or _next_joined(tokens, index) or _follows_object(tokens, index)
    if shaped or _is_certain(token.key, readings, before):
        return Evidence.SURE
    if token.key in FUNCTION_WORDS or before in _NOT_AFTER:
        return Evidence.NONE
    if before in _ARTICLE_OR_OBJECT and not _holds_subject(tokens, index - 2):
        return Evidence.NONE
    return Evidence.POSSIBLE


def _holds_subject(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether the word ahead of `le`, `la`, `les` makes a pronoun of it (`il la porte`, `Pierre la porte`)."""
    if index < 0:
        return False
    key = tokens[index].key
    return key in CLITICS or key == "qui" or key not in FUNCTION_WORDS | PLACE_WORDS


def _is_certain(key: str, readings: tuple[Reading, ...], before: str) -> bool:
    if before in _VERB_FOLLOWS:
        return True
    if before == "ce":
        return any(reading.lemma == "être" for reading in readings)
    if before in _NOT_AFTER:
        return False
    if any(reading.auxiliary for reading in readings):
        return before != "l'" or key not in ("est", "as", "avions")  # l'est, l'as
    return all(reading.finite for reading in readings)


def is_verbal(tokens: tuple[Token, ...], index: int, lexicon: Lexicon) -> bool:
    """Whether the word is surely a verb or a participle: `entre` in `elle entre`, `tu` in `on s'était tu`."""
    readings = _readings(tokens[index], lexicon, first=index == 0)
    participle = _is_participle(tokens, index, readings, lexicon)
    return participle or evidence_at(tokens, index, lexicon) is Evidence.SURE


def is_incise(tokens: tuple[Token, ...], index: int) -> bool:
    """`Oui, dit le marin`, `non ! reprit Pierre`: behind a mark, and its subject right behind it."""
    following = tokens[index + 1 : index + 2]
    if not index or not tokens[index].opens or not following or following[0].opens:
        return False
    word = following[0]
    return word.form[:1].isupper() or word.key in DETERMINERS - {"en", "des", "du", "au", "aux"}


def _is_participle(tokens: tuple[Token, ...], index: int, readings: tuple[Reading, ...], lexicon: Lexicon) -> bool:
    """`sortis` in `ils furent sortis`, `fait` in `a bien fait`."""
    if not any("K" in reading.features for reading in readings):
        return False
    for token in reversed(tokens[max(0, index - _REACH_OF_AUXILIARY) : index]):
        if any(reading.auxiliary for reading in lexicon.readings(token.key)):
            return True
        if token.key not in _WITHIN_COMPOUND and not token.joined:
            return False
    return False


def _follows_object(tokens: tuple[Token, ...], index: int) -> bool:
    """`je ne le puis`, `il la porte`."""
    behind = index > 1 and tokens[index - 1].key in _ARTICLE_OR_OBJECT
    return behind and tokens[index - 2].key in _AHEAD_OF_OBJECT


def _next_joined(tokens: tuple[Token, ...], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].joined


def _readings(token: Token, lexicon: Lexicon, *, first: bool) -> tuple[Reading, ...]:
    """A capital within a sentence is a name: only at its head is it looked up in lower case, `Etait` as `était` too."""
    if not first and not token.form[:1].islower():
        return ()
    readings = lexicon.readings(token.key)
    return readings or (lexicon.readings(f"é{token.key[1:]}") if token.form.startswith("E") else ())
