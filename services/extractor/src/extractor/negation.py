"""Whether a card affirms what its source denies. Pure given the lexicon."""

from collections.abc import Iterator

from extractor.french import CLITICS, FUNCTION_WORDS, Token, tokenize
from extractor.lexicon import Lexicon
from extractor.verbs import Evidence, evidence_at

_NE = frozenset({"ne", "n'"})
# What closes a `ne` behind the verb or stands ahead of it. Not `que`: `il n'avait que dix ans` says that he had them.
_BEHIND = frozenset({"pas", "plus", "point", "jamais", "rien", "guère", "aucun", "aucune", "personne", "nul", "nulle"})
_ALONE = frozenset({"pas", "point", "guère"})  # they deny without a `ne` too
_AHEAD = frozenset({"personne", "rien", "nul", "nulle", "aucun", "aucune", "jamais"})
_REACH = 4  # words: `ne l'avait encore jamais dit`, `aucun de ces marins ne`


def affirms_denied(card: str, source: str, lexicon: Lexicon) -> bool:
    """Whether the card says without `ne` what the source says with `ne ... pas` (`rien`, `plus`, ...) alone.

    être and avoir stand for the word behind them: `il n'était pas triste` denies `triste`. A `ne` that nothing closes
    (`avant qu'il ne vînt`) denies nothing and affirms nothing.
    """
    denied = _said(source, lexicon, denied=True) - _said(source, lexicon, denied=False)
    if not denied:
        return False
    return bool(denied & _said(card, lexicon, denied=False) - _said(card, lexicon, denied=True))


def _said(text: str, lexicon: Lexicon, *, denied: bool) -> frozenset[str]:
    """The lemmas of what the sure verbs say, of those that are denied or of those that are not."""
    tokens = tokenize(text)
    verbs = [at for at in range(len(tokens)) if evidence_at(tokens, at, lexicon) is Evidence.SURE]
    found: set[str] = set()
    for at in verbs:
        if _is_denied(tokens, at) is denied:
            found.update(_meaning(tokens, at, lexicon))
    return frozenset(found)


def _is_denied(tokens: tuple[Token, ...], verb: int) -> bool | None:
    """None where a `ne` stands that nothing closes. `C'est pas vrai` denies as well."""
    if any(token.key in _ALONE and not token.opens for token in tokens[verb + 1 : verb + 2]):
        return True
    ne = _place_of_ne(tokens, verb)
    if ne is None:
        return False
    return True if _is_closed(tokens, ne, verb) else None


def _place_of_ne(tokens: tuple[Token, ...], verb: int) -> int | None:
    for at in range(verb - 1, -1, -1):
        if tokens[at].key in _NE:
            return at
        if tokens[at].key not in CLITICS or tokens[at + 1].opens:
            return None
    return None


def _is_closed(tokens: tuple[Token, ...], ne: int, verb: int) -> bool:
    behind = tokens[verb + 1 : verb + 1 + _REACH]
    ahead = tokens[max(0, ne - _REACH) : ne]
    return any(token.key in _BEHIND for token in behind) or any(token.key in _AHEAD for token in ahead)


def _meaning(tokens: tuple[Token, ...], verb: int, lexicon: Lexicon) -> Iterator[str]:
    readings = lexicon.readings(tokens[verb].key)
    if not any(reading.lemma in ("être", "avoir") for reading in readings):
        yield from (reading.lemma for reading in readings if reading.finite)
        return
    for token in tokens[verb + 1 : verb + 1 + _REACH]:
        if token.opens:
            return
        if token.key not in FUNCTION_WORDS | _BEHIND:
            yield from lexicon.lemmas(token.key) or {token.key}
            return
