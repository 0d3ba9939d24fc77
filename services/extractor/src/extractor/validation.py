"""A verdict on every card that an engine made, whatever engine. Pure: rules and the lexicon.

What they leave undecided (a form that may be noun or verb, a noun that may be the subject) passes here;
`judging` asks a parser about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.card_parsing import ParsedPredicate
from extractor.french import COUNTING, DANGLING_ENDS, RELATIVES, Token, tokenize
from extractor.invention import SourceVocabulary, invented_words, vocabulary_of
from extractor.lexicon import Lexicon
from extractor.negation import affirms_denied
from extractor.predicates import Predicate, find_predicate, verbs_with_subject
from extractor.typography import asks, typography_faults
from extractor.verbs import Evidence, is_verbal
from extractor.verdicts import Verdict
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words

_COUNTED = frozenset({"en", "ne", "n'", "pas"})


@dataclass(frozen=True)
class SourceRules:
    """What cards of one source sentence are measured against. `predicate` is the source's own, `with_subject` its
    verbs that have one.
    """

    source: str
    settings: JobSettings
    lexicon: Lexicon
    vocabulary: SourceVocabulary
    predicate: Predicate
    with_subject: frozenset[str]

    @classmethod
    def of(cls, source: str, before: str, settings: JobSettings, lexicon: Lexicon) -> "SourceRules":
        """`before` is the sentence ahead of the source, or empty."""
        return cls(
            source,
            settings,
            lexicon,
            vocabulary_of(source, before, lexicon),
            find_predicate(source, lexicon),
            verbs_with_subject(source, lexicon),
        )


def judge_card(card: str, rules: SourceRules) -> Verdict:
    """The first fault of a rewritten card, or OK. Verbatim cards are not judged: they are the book's."""
    return next(faults_of(card, rules), Verdict.OK)


def faults_of(card: str, rules: SourceRules) -> Iterator[Verdict]:
    """Every fault of a card, the cheap ones first."""
    yield from _length_faults(card, rules.settings)
    yield from typography_faults(card, rules.source, rules.lexicon)
    yield from _end_faults(card, rules)
    yield from _word_faults(card, rules)


def book_faults(card: str, source: str, settings: JobSettings, lexicon: Lexicon) -> Iterator[Verdict]:
    """Every fault of a card that should be the book's own words: told in the figures, never a reason to drop it."""
    yield from _length_faults(card, settings)
    yield from typography_faults(card, source, lexicon)
    if is_fragment(card, lexicon):
        yield Verdict.NO_VERB
    if card != source:
        yield Verdict.INVENTED


def is_fragment(text: str, lexicon: Lexicon) -> bool:
    """Whether a sentence of the book surely holds no conjugated verb: « Oui. »"""
    return find_predicate(text, lexicon).verb is Evidence.NONE


def is_undecided(card: str, lexicon: Lexicon) -> bool:
    """Whether a card that passed leaves its verb or the verb's subject open."""
    return find_predicate(card, lexicon).whole is Evidence.POSSIBLE


def judge_parse(found: ParsedPredicate) -> Verdict:
    """The verdict on an undecided card, once it is parsed."""
    if not found.verb:
        return Verdict.NO_VERB
    return Verdict.OK if found.subject else Verdict.NO_SUBJECT


def sameness_key(card: str) -> tuple[str, ...]:
    """Cards with equal keys say the same to a reader: case, spaces and punctuation do not count."""
    return tuple(token.key for token in tokenize(card))


def _length_faults(card: str, settings: JobSettings) -> Iterator[Verdict]:
    words = count_words(card)
    if words > settings.sentence_length_limit:
        yield Verdict.TOO_LONG
    if words < max(1, settings.min_sentence_length):
        yield Verdict.TOO_SHORT


def _end_faults(card: str, rules: SourceRules) -> Iterator[Verdict]:
    """What the author began or ended so may stay so."""
    tokens, theirs = tokenize(card), tokenize(rules.source)
    if not tokens:
        return
    first, last = tokens[0], tokens[-1]
    wishes = first.key in ("que", "qu'") and find_predicate(card, rules.lexicon).main is Evidence.SURE
    if first.key in RELATIVES and not (asks(card) or wishes) and theirs[:1] and first.key != theirs[0].key:
        yield Verdict.DANGLING_START
    if _is_left_open(tokens, rules.lexicon) and theirs[-1:] and last.key != theirs[-1].key:
        yield Verdict.DANGLING_END


def _is_left_open(tokens: tuple[Token, ...], lexicon: Lexicon) -> bool:
    """Whether the last word calls for another."""
    last = tokens[-1]
    if last.joined or is_verbal(tokens, len(tokens) - 1, lexicon):
        return False
    return last.key in DANGLING_ENDS or (last.key in COUNTING and not any(token.key in _COUNTED for token in tokens))


def _word_faults(card: str, rules: SourceRules) -> Iterator[Verdict]:
    fault = _predicate_fault(find_predicate(card, rules.lexicon), rules)
    if fault:
        yield fault
    if invented_words(card, rules.vocabulary, rules.lexicon):
        yield Verdict.INVENTED
    if affirms_denied(card, rules.source, rules.lexicon):
        yield Verdict.AFFIRMS_DENIED


def _predicate_fault(predicate: Predicate, rules: SourceRules) -> Verdict | None:
    """A subordinate clause or a missing subject that is all that the author wrote may stay so."""
    if predicate.verb is Evidence.NONE:
        return Verdict.NO_VERB
    if predicate.main is Evidence.NONE and rules.predicate.main is not Evidence.NONE:
        return Verdict.SUBORDINATE
    lost = predicate.subject is Evidence.NONE or predicate.order in rules.with_subject
    return Verdict.NO_SUBJECT if lost and rules.predicate.subject is not Evidence.NONE else None
