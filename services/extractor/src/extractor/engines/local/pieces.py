"""Clauses of a long segment as segments of their own: parsed alone they are read better than in a long period.

A piece begins at the segment's start or, behind a comma (and perhaps 'et', 'mais'), at what looks like a subject; it
ends before the next such place. What stands around it is kept with it, so that no condition is lost from sight.
"""

from collections.abc import Iterator
from dataclasses import replace

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.words import Word

_LEAST_WORDS = 3
_MOST_PIECES = 6
_JOINTS = fr.COORDINATORS - {"or", "donc"}
_SUBORDINATORS = frozenset({"que", "qu'", "qui", "dont", "où", "si", "s'"})


def inner_pieces(segment: Segment, forms: Forms) -> Iterator[Segment]:
    """The pieces in order, those of one clause only; nothing for a segment of one piece."""
    if segment.joint is not None or segment.closer is Edge.QUESTION:
        return
    words = segment.words
    begins = [0, *(at for at in range(1, len(words)) if _begins_clause(words, at, forms))]
    if not 1 < len(begins) <= _MOST_PIECES:
        return
    for begin, end in zip(begins, [*begins[1:], len(words)], strict=True):
        piece = _piece(segment, begin, end, is_last=end == len(words))
        if _is_worth(piece, forms):
            yield piece


def _piece(segment: Segment, begin: int, end: int, *, is_last: bool) -> Segment:
    words = segment.words
    stop = end if is_last else _before_joint(words, end)
    return replace(
        segment,
        words=words[begin:stop],
        opener=segment.opener if begin == 0 else Edge.COMMA,
        closer=segment.closer if is_last else Edge.COMMA,
        mark=segment.mark if is_last else "",
        before=tuple(word.norm for word in words[:begin]),
        after=tuple(word.norm for word in words[stop:]),
    )


def _before_joint(words: tuple[Word, ...], end: int) -> int:
    while end > 0 and (words[end - 1].text == "," or words[end - 1].norm in _JOINTS):
        end -= 1
    return end


def _begins_clause(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    """A comma or 'et' before; a pronoun, a determiner or a name here."""
    before = words[at - 1]
    if before.norm in _JOINTS:
        joined = at > 1 and (words[at - 2].text == "," or before.norm in {"mais", "car"} or _is_pronoun(words[at].norm))
        return joined and _looks_like_subject(words, at, forms)
    return before.text == "," and _looks_like_subject(words, at, forms)


def _is_pronoun(norm: str) -> bool:
    return norm in fr.SUBJECT_PRONOUNS and norm not in {"nous", "vous", "ce"}


def _looks_like_subject(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    """A conjugated verb must come before the next comma."""
    norm = words[at].norm
    opens = (
        norm in fr.SUBJECT_PRONOUNS
        or norm in fr.SINGULAR_DETERMINERS | fr.PLURAL_DETERMINERS | fr.TITLES
        or (words[at].text[:1].isupper() and not forms.facts(norm).verbs)
    )
    if not opens:
        return False
    for word in words[at + 1 : at + 8]:
        if word.text == "," or word.norm in _SUBORDINATORS:
            return False
        if forms.is_finite(word.norm) and (not forms.is_common_word(word.norm) or _is_pronoun(norm)):
            return True
    return False


def _is_worth(piece: Segment, forms: Forms) -> bool:
    return len(piece.words) >= _LEAST_WORDS and any(forms.is_finite(word.norm) for word in piece.words)
