"""Clauses of a long segment as segments of their own: parsed alone they are read better than in a long period.

A piece begins at the segment's start or, behind a comma (and perhaps 'et', 'mais'), at what looks like a subject; it
ends before the next such place. A stump begins there too and ends sooner, where a phrase may begin. What stands around
is kept with both, so that no condition is lost from sight.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.vocabulary import words as words_of
from extractor.engines.local.words import Word, count_words_of

_LEAST_WORDS = 3
_MOST_PIECES = 6
_MOST_BEGINS = 3
_ORDERS = ("ez", "ons")
_CLITICS_OF_ORDERS = words_of("-moi -toi -le -la -les -lui -leur -y -en -nous -vous -le-moi -la-moi -les-moi")
_MOST_ENDS = 3
STUMP = "stump"
_OPENERS = fr.COORDINATORS | fr.CLAUSE_OPENERS | frozenset(fr.PREPOSITIONS) | {"comme", "parce", "tandis", "afin", "ou"}
_JOINTS = fr.COORDINATORS - {"or", "donc"}
_SUBORDINATORS = frozenset({"que", "qu'", "qui", "dont", "où", "si", "s'"})


def inner_pieces(segment: Segment, forms: Forms) -> Iterator[Segment]:
    """The pieces in order, those of one clause only; nothing for a segment of one piece. Of a segment that lost its
    'dit-il', what stood before and behind that.
    """
    if segment.joint is not None:
        yield from (half for half in _halves(segment, segment.joint) if _is_worth(half, forms))
        return
    if segment.closer is Edge.QUESTION:
        return
    words = segment.words
    begins = [0, *(at for at in range(1, len(words)) if _begins_clause(words, at, forms))]
    if not 1 < len(begins) <= _MOST_PIECES:
        return
    for begin, end in zip(begins, [*begins[1:], len(words)], strict=True):
        piece = _piece(segment, begin, end, is_last=end == len(words))
        if _is_worth(piece, forms):
            yield piece


def _halves(segment: Segment, joint: int) -> Iterator[Segment]:
    whole, behind = replace(segment, joint=None), joint + 1
    asks = segment.closer is Edge.QUESTION
    if behind < len(segment.words):
        if not asks:
            yield whole.part(0, joint, is_last=False)
        yield whole.part(behind, len(segment.words), is_last=segment.closer is not Edge.BREAK)
    else:
        yield whole


def stumps(segment: Segment, forms: Forms, most_words: int) -> Iterator[Segment]:
    """What looks like a clause of at most `most_words` words by its words alone, the longest first: for clauses that
    no parse shows.
    """
    if segment.joint is not None or segment.aside or segment.closer is Edge.QUESTION:
        return
    words = segment.words
    first = next((at for at in range(len(words)) if not _is_light(words[at])), len(words))
    begins = [first, *(at for at in range(first + 1, len(words)) if _begins_clause(words, at, forms))]
    likely = (at for at in begins if at < len(words) and _opens_clause(words, at, forms))
    for begin in islice(likely, _MOST_BEGINS):
        ends = [end for end in _fitting(words, begin, most_words) if _may_end(segment, begin, end, forms)]
        for end in ends[: -_MOST_ENDS - 1 : -1]:
            piece = segment.part(begin, end, is_last=end == len(words) and segment.closer is not Edge.BREAK)
            yield replace(piece, pruned=(STUMP,))


def _fitting(words: tuple[Word, ...], begin: int, most_words: int) -> Iterator[int]:
    """The ends of stretches from `begin` of at most so many words."""
    for end in range(begin + _LEAST_WORDS, len(words) + 1):
        if count_words_of(words[begin:end]) > most_words:
            return
        yield end


def _opens_clause(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    return _looks_like_subject(words, at, forms) or _orders(words, at, forms)


def _orders(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    """'Donnez-moi', 'Taisons-nous', 'Prenez'."""
    norm, following = words[at].norm, words[at + 1].norm if at + 1 < len(words) else ""
    return forms.is_order(norm) and (norm.endswith(_ORDERS) or following in _CLITICS_OF_ORDERS)


def _is_light(word: Word) -> bool:
    return word.text == "," or word.norm in fr.COORDINATORS | fr.LIGHT_ADVERBS


def _may_end(segment: Segment, begin: int, end: int, forms: Forms) -> bool:
    words = segment.words
    if end == len(words) and begin == 0 and segment.closer is not Edge.BREAK:
        return False  # the whole segment, parsed already
    opens = end == len(words) or words[end].text == "," or words[end].norm in _OPENERS
    verb = _orders(words, begin, forms) or any(
        forms.is_finite(word.norm) and not word.is_clitic_behind for word in words[begin + 1 : end]
    )
    one_breath = all(word.text != "," for word in words[begin:end])
    return opens and verb and one_breath and words[end - 1].norm not in fr.FUNCTION_WORDS


def _piece(segment: Segment, begin: int, end: int, *, is_last: bool) -> Segment:
    stop = end if is_last else _before_joint(segment.words, end)
    return segment.part(begin, stop, is_last=is_last)


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
