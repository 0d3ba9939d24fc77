"""A verdict on every rewritten card, whatever engine made it. Pure: rules and the lexicon, no parser.

What the rules leave undecided (a form that may be noun or verb) passes; a parser may look at it later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.french import DANGLING_ENDS, RELATIVES, tokenize
from extractor.invention import SourceVocabulary, invented_words, vocabulary_of
from extractor.lexicon import Lexicon
from extractor.typography import asks, typography_faults
from extractor.verbs import Evidence, verb_evidence
from extractor.verdicts import Verdict
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words


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
    return next(faults_of(card, rules), Verdict.OK)


def faults_of(card: str, rules: SourceRules) -> Iterator[Verdict]:
    """Every fault of a card, the cheap ones first."""
    yield from _length_faults(card, rules.settings)
    yield from typography_faults(card)
    yield from _end_faults(card, rules.source)
    yield from _word_faults(card, rules)


def book_faults(card: str, source: str, settings: JobSettings, lexicon: Lexicon) -> Iterator[Verdict]:
    """Every fault of a card that should be the book's own words: told in the figures, never a reason to drop it."""
    yield from _length_faults(card, settings)
    yield from typography_faults(card)
    if is_fragment(card, lexicon):
        yield Verdict.NO_VERB
    if card != source:
        yield Verdict.INVENTED


def is_fragment(text: str, lexicon: Lexicon) -> bool:
    """Whether a sentence of the book surely holds no conjugated verb: « Oui. »"""
    return verb_evidence(text, lexicon) is Evidence.NONE


def sameness_key(card: str) -> tuple[str, ...]:
    """Cards with equal keys say the same to a reader: case, spaces and punctuation do not count."""
    return tuple(token.key for token in tokenize(card))


def _length_faults(card: str, settings: JobSettings) -> Iterator[Verdict]:
    words = count_words(card)
    if words > settings.sentence_length_limit:
        yield Verdict.TOO_LONG
    if words < max(1, settings.min_sentence_length):
        yield Verdict.TOO_SHORT


def _end_faults(card: str, source: str) -> Iterator[Verdict]:
    """What the author began or ended so may stay so."""
    tokens, theirs = tokenize(card), tokenize(source)
    if not tokens:
        return
    first, last = tokens[0], tokens[-1]
    if first.key in RELATIVES and not asks(card) and theirs[:1] and first.key != theirs[0].key:
        yield Verdict.DANGLING_START
    if last.key in DANGLING_ENDS and not last.joined and theirs[-1:] and last.key != theirs[-1].key:
        yield Verdict.DANGLING_END


def _word_faults(card: str, rules: SourceRules) -> Iterator[Verdict]:
    if verb_evidence(card, rules.lexicon) is Evidence.NONE:
        yield Verdict.NO_VERB
    if invented_words(card, rules.vocabulary, rules.lexicon):
        yield Verdict.INVENTED
