"""A verdict on every rewritten card, whatever engine made it. Pure: rules and the lexicon, no parser.

What the rules leave undecided (a form that may be noun or verb) passes; a parser may look at it later.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from extractor.french import DANGLING_ENDS, RELATIVES, collapse_spaces, tokenize
from extractor.invention import SourceVocabulary, invented_words, vocabulary_of
from extractor.lexicon import Lexicon
from extractor.verbs import VerbEvidence, verb_evidence
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words

_OPENERS, _CLOSERS = "«“([", "»”)]"
_PAIRS = dict(zip(_CLOSERS, _OPENERS, strict=True))
_FINAL_MARKS = frozenset(".!?…")
_BARE_END = re.compile(r"\w[\s»”)\]]*$")


class Verdict(StrEnum):
    """OK, or the first fault found. A card with DUPLICATE or UNKNOWN_ID is left out; any other fault spoils the
    whole answer for its source, because the cards of a source say it together.
    """

    OK = "ok"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    UNBALANCED = "unbalanced"
    NO_CAPITAL = "no_capital"
    NO_FINAL_MARK = "no_final_mark"
    NO_VERB = "no_verb"
    DANGLING_START = "dangling_start"
    DANGLING_END = "dangling_end"
    INVENTED = "invented"
    DUPLICATE = "duplicate"
    UNKNOWN_ID = "unknown_id"


@dataclass(frozen=True)
class SourceRules:
    """What cards of one source sentence are measured against. `before` is the sentence ahead of it, or empty."""

    source: str
    settings: JobSettings
    lexicon: Lexicon
    vocabulary: SourceVocabulary

    @classmethod
    def of(cls, source: str, before: str, settings: JobSettings, lexicon: Lexicon) -> "SourceRules":
        return cls(source, settings, lexicon, vocabulary_of(source, before, lexicon))


def judge_card(card: str, rules: SourceRules) -> Verdict:
    """The first fault of a rewritten card, or OK. Verbatim cards are not judged: they are the book's."""
    return (
        _judge_length(card, rules.settings)
        or _judge_typography(card)
        or _judge_ends(card, rules.source)
        or _judge_words(card, rules)
        or Verdict.OK
    )


def is_fragment(text: str, lexicon: Lexicon) -> bool:
    """Whether a sentence of the book surely holds no conjugated verb: « Oui. »"""
    return verb_evidence(text, lexicon) is VerbEvidence.NONE


def tidy(card: str) -> str:
    """A model's card without slips that need no second call: stray spaces, a small first letter, no full stop."""
    text = collapse_spaces(card)
    first = next((index for index, char in enumerate(text) if char.isalnum()), None)
    if first is not None:
        text = text[:first] + text[first].upper() + text[first + 1 :]
    if _BARE_END.search(text):
        text += "."
    return text


def sameness_key(card: str) -> tuple[str, ...]:
    """Cards with equal keys say the same to a reader: case, spaces and punctuation do not count."""
    return tuple(token.key for token in tokenize(card))


def _judge_length(card: str, settings: JobSettings) -> Verdict | None:
    words = count_words(card)
    if words > settings.sentence_length_limit:
        return Verdict.TOO_LONG
    if words < max(1, settings.min_sentence_length):
        return Verdict.TOO_SHORT
    return None


def _judge_typography(card: str) -> Verdict | None:
    if not _is_balanced(card):
        return Verdict.UNBALANCED
    first = next((char for char in card if char.isalnum()), "")
    if first != first.upper():
        return Verdict.NO_CAPITAL
    last = card.rstrip(_CLOSERS + '"*_ \u00a0\u202f')[-1:]
    return None if last in _FINAL_MARKS else Verdict.NO_FINAL_MARK


def _is_balanced(card: str) -> bool:
    open_marks: list[str] = []
    for char in card:
        if char in _OPENERS:
            open_marks.append(char)
        elif char in _PAIRS and (not open_marks or open_marks.pop() != _PAIRS[char]):
            return False
    return not open_marks and card.count('"') % 2 == 0


def _judge_ends(card: str, source: str) -> Verdict | None:
    """What the author began or ended so may stay so."""
    tokens, theirs = tokenize(card), tokenize(source)
    asks = card.rstrip(_CLOSERS + " \u00a0\u202f").endswith(("?", "!"))
    first, last = tokens[0], tokens[-1]
    if first.key in RELATIVES and not asks and theirs[:1] and first.key != theirs[0].key:
        return Verdict.DANGLING_START
    if last.key in DANGLING_ENDS and not last.joined and theirs[-1:] and last.key != theirs[-1].key:
        return Verdict.DANGLING_END
    return None


def _judge_words(card: str, rules: SourceRules) -> Verdict | None:
    if verb_evidence(card, rules.lexicon) is VerbEvidence.NONE:
        return Verdict.NO_VERB
    if invented_words(card, rules.vocabulary, rules.lexicon):
        return Verdict.INVENTED
    return None
