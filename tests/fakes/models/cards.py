"""Cards that a fake model can make: short, valid French out of the source's own words. Pure.

A fake cannot rewrite, so it says `C'est` and a piece of the sentence: `C'est la porte du jardin.` That is no
literature, but it holds a verb, invents nothing and covers the whole sentence, so that the pipeline treats it
like a good answer and a test can see which words arrived.
"""

from itertools import pairwise

_FRAME = "C'est"
_STRIP = "«»“”\"()[]{}*_,;:.!?…—–-'’ \u00a0\u202f"
_NEVER_LAST = frozenset(
    {"de", "du", "des", "à", "au", "aux", "le", "la", "les", "un", "une", "ce", "cet", "cette", "ces", "mon"}
    | {"ma", "mes", "ton", "ta", "tes", "son", "sa", "ses", "notre", "votre", "leur", "leurs", "et", "ou", "ni"}
    | {"mais", "que", "dont", "si", "comme", "par", "pour", "sans", "sur", "sous", "dans", "avec", "chez", "vers"}
    | {"entre", "parmi", "jusque", "lorsque", "puisque", "quoique", "afin", "parce", "tandis", "dès", "je", "tu"}
    | {"il", "ils", "on", "ne", "me", "se", "te", "y", "en", "très", "ayant", "étant"}
)


def make_cards(text: str, minimum: int, maximum: int) -> list[str]:
    """Cards of `minimum` to `maximum` words that together cover `text`; none if it has too few words."""
    words = [word for raw in text.split() if (word := raw.strip(_STRIP)) and any(map(str.isalnum, word))]
    cards = [_card(words, piece, minimum) for piece in _pieces(len(words), maximum - 1)]
    return list(dict.fromkeys(card for card in cards if card))


def _pieces(count: int, room: int) -> list[tuple[int, int]]:
    """`count` words in as few even pieces of at most `room` words as will do."""
    number = -(-count // room)
    bounds = [count * step // number for step in range(number + 1)] if number else []
    return list(pairwise(bounds))


def _card(words: list[str], piece: tuple[int, int], minimum: int) -> str | None:
    start, end = piece
    while end > start and _tail(words[end - 1]) in _NEVER_LAST:
        end -= 1
    if end == start:
        return None
    start = max(0, min(start, end - (minimum - 1)))
    if end - start < minimum - 1:
        return None
    first = words[start].lower() if start == 0 else words[start]
    return " ".join((_FRAME, first, *words[start + 1 : end])) + "."


def _tail(word: str) -> str:
    """`qu'il` ends as badly as `il`."""
    return word.lower().replace("’", "'").rpartition("'")[2]
