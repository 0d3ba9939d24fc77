"""The figures of one checkpoint's cards. Pure given the lexicon; what each figure means: docs/figures.md.

Counted on the final cards alone, whatever made them, so that a baseline's cards are counted the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from extractor.french import FUNCTION_WORDS, PLACE_WORDS, tokenize
from extractor.invention import FREE_LEMMAS
from extractor.lexicon import Lexicon
from extractor.order import out_of_order
from extractor.planning import FRAGMENT, WHOLE_DIALOGUE, sources_of, stays_whole
from extractor.validation import SourceRules, book_faults, faults_of, sameness_key
from extractor.verdicts import DANGLING, INVENTED, TYPOGRAPHY, Verdict
from feuilleton.contracts.documents import CardDraft, CardMethod, DroppedSentence, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.quality import CardCounts, QualityCounts, total_of
from feuilleton.contracts.text import count_words

_MADE = frozenset({CardMethod.CUT, CardMethod.REWRITTEN})


def count_figures(
    cards: Sequence[CardDraft],
    dropped: Iterable[DroppedSentence],
    sentences: Sequence[SourceSentence],
    settings: JobSettings,
    lexicon: Lexicon,
    *,
    before: str = "",
) -> QualityCounts:
    """Count the final cards of a chunk, in its order. `before` is the sentence ahead of the first, if there is one.

    Raises KeyError for a card of a sentence that is not in `sentences`.
    """
    book = _Book.of(sentences, before, settings, lexicon)
    reasons = {each.source_id: each.reason for each in dropped}
    shown = {source for card in cards for source in sources_of(card)}
    vocabulary = [_count_vocabulary(sentence, cards, book) for sentence in sentences if book.is_long(sentence)]
    return QualityCounts(
        chunks=1,
        sources=len(sentences),
        source_words=sum(count_words(sentence.text) for sentence in sentences),
        sources_with_card=len(shown),
        left_out=sum(reason == FRAGMENT for reason in reasons.values()),
        unaccounted=sum(sentence.id not in shown and sentence.id not in reasons for sentence in sentences),
        book=total_of(CardCounts, (_count_book_card(card, book) for card in cards if card.method not in _MADE)),
        made=_count_made([card for card in cards if card.method in _MADE], book),
    ).plus(total_of(QualityCounts, vocabulary))


@dataclass(frozen=True)
class _Book:
    """The sentences that the cards are of, by id."""

    texts: Mapping[SentenceId, str]
    befores: Mapping[SentenceId, str]
    settings: JobSettings
    lexicon: Lexicon

    @classmethod
    def of(cls, sentences: Sequence[SourceSentence], before: str, settings: JobSettings, lexicon: Lexicon) -> Self:
        befores = (before, *(sentence.text for sentence in sentences))
        return cls(
            {sentence.id: sentence.text for sentence in sentences},
            {sentence.id: text for sentence, text in zip(sentences, befores, strict=False)},
            settings,
            lexicon,
        )

    def is_long(self, sentence: SourceSentence) -> bool:
        over = count_words(sentence.text) > self.settings.sentence_length_limit
        return over and not stays_whole(sentence, self.settings)

    def source_of(self, card: CardDraft) -> str:
        return " ".join(self.texts[source] for source in sources_of(card))

    def rules_of(self, card: CardDraft) -> SourceRules:
        return SourceRules.of(self.source_of(card), self.befores[card.source_id], self.settings, self.lexicon)


def _count_book_card(card: CardDraft, book: _Book) -> CardCounts:
    faults = set(book_faults(card.text, book.source_of(card), book.settings, book.lexicon))
    if WHOLE_DIALOGUE in card.flags:
        faults.discard(Verdict.TOO_LONG)
    return _counts_of(card, faults)


def _count_made(cards: Sequence[CardDraft], book: _Book) -> CardCounts:
    """Cards of one source are looked at together: whether one repeats another, whether they follow its order."""
    by_source: dict[SentenceId, list[CardDraft]] = {}
    for card in cards:
        by_source.setdefault(card.source_id, []).append(card)
    return total_of(CardCounts, (counts for group in by_source.values() for counts in _count_group(group, book)))


def _count_group(group: Sequence[CardDraft], book: _Book) -> Iterable[CardCounts]:
    rules: dict[tuple[SentenceId, ...], SourceRules] = {}
    late = out_of_order([card.text for card in group], book.source_of(group[0]), book.lexicon)
    seen: set[tuple[str, ...]] = set()
    for place, card in enumerate(group):
        sources, key = sources_of(card), sameness_key(card.text)
        if sources not in rules:
            rules[sources] = book.rules_of(card)
        faults = set(faults_of(card.text, rules[sources]))
        faults |= {Verdict.OUT_OF_ORDER} if place in late else set()
        faults |= {Verdict.DUPLICATE} if key in seen else set()
        seen.add(key)
        yield _counts_of(card, faults)


def _counts_of(card: CardDraft, faults: set[Verdict]) -> CardCounts:
    return CardCounts(
        cards=1,
        words=count_words(card.text),
        over_limit=Verdict.TOO_LONG in faults,
        under_minimum=Verdict.TOO_SHORT in faults,
        typography=bool(faults & TYPOGRAPHY),
        dangling=bool(faults & DANGLING),
        without_verb=Verdict.NO_VERB in faults,
        without_subject=Verdict.NO_SUBJECT in faults,
        invented=bool(faults & INVENTED),
        duplicates=Verdict.DUPLICATE in faults,
        out_of_order=Verdict.OUT_OF_ORDER in faults,
        faulty=bool(faults),
    )


def _count_vocabulary(sentence: SourceSentence, cards: Iterable[CardDraft], book: _Book) -> QualityCounts:
    """How many different content words of one long source its cards still say."""
    said = [card for card in cards if sentence.id in sources_of(card)]
    wanted = _content(sentence.text, book.lexicon)
    forms = {token.key for card in said for token in tokenize(card.text)}
    lemmas = {lemma for form in forms for lemma in book.lexicon.lemmas(form)}
    kept = sum(form in forms or not lemmas.isdisjoint(theirs) for form, theirs in wanted.items())
    return QualityCounts(
        long_sources=1,
        long_sources_with_card=bool(said),
        long_content_words=len(wanted),
        carded_content_words=len(wanted) if said else 0,
        kept_content_words=kept,
    )


def _content(text: str, lexicon: Lexicon) -> Mapping[str, frozenset[str]]:
    """The different content words with their lemmas."""
    forms = {token.key for token in tokenize(text)} - FUNCTION_WORDS - PLACE_WORDS
    found = {form: lexicon.lemmas(form) for form in forms if any(char.isalpha() for char in form)}
    return {form: lemmas for form, lemmas in found.items() if not lemmas & FREE_LEMMAS}
