"""What happens to each sentence of a chunk before any engine is asked. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.card_parsing import ParsedPredicate
from extractor.lexicon import Lexicon
from extractor.predicates import find_predicate
from extractor.verbs import Evidence
from feuilleton.contracts.documents import CardDraft, CardMethod, DroppedSentence, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words

FRAGMENT = "fragment"  # no conjugated verb
SHORT = "short"  # under the minimum, and no neighbour to join
WHOLE_DIALOGUE = "whole_dialogue"  # over the limit, kept whole because the job asks for it
_SPEAKER = ("—", "–", "-")  # another voice begins
NO_WORDS = "no_words"


@dataclass(frozen=True)
class Plan:
    """Every sentence of the chunk stands in exactly one of the three: in a card that needs no engine (verbatim, or
    short neighbours joined), in `wanted` (over the limit), or in `dropped` (nothing to read, or no verb where the job
    wants whole sentences only). `undecided` are places in `cards` where a word may be a verb or a noun. `spares` are
    the author's own words for those wanted sentences that may stay as they are.
    """

    cards: tuple[CardDraft, ...]
    wanted: tuple[SentenceId, ...]
    dropped: tuple[DroppedSentence, ...]
    undecided: tuple[int, ...] = ()
    spares: tuple[CardDraft, ...] = ()


def plan_chunk(sentences: Sequence[SourceSentence], settings: JobSettings, lexicon: Lexicon) -> Plan:
    """Sort the sentences of a chunk, in book order.

    One under the minimum joins the one before it, else the one after: same paragraph, same speaker kind, and
    within the limit together. What joins depends only on a run of neighbours of which each pair holds a short
    one; as chunks are never cut inside such a run, the same cards come out for any chunk size.
    """
    cards: list[CardDraft] = []
    wanted: list[SentenceId] = []
    dropped: list[DroppedSentence] = []
    undecided: list[int] = []
    for group in _groups(sentences, settings):
        sentence = group[0]
        if len(group) > 1 or _passes(sentence, settings):
            verb = find_predicate(_text(group), lexicon).verb
            if verb is Evidence.POSSIBLE:
                undecided.append(len(cards))
            cards.append(_card(group, settings, fragment=verb is Evidence.NONE))
        elif count_words(sentence.text) == 0:
            dropped.append(DroppedSentence(source_id=sentence.id, reason=NO_WORDS))
        else:
            wanted.append(sentence.id)
    return Plan(tuple(cards), tuple(wanted), tuple(dropped), tuple(undecided))


def decide_fragments(plan: Plan, parsed: Sequence[ParsedPredicate | None], settings: JobSettings) -> Plan:
    """The plan with nothing undecided: `parsed` says of each undecided card whether a verb was found (None: not
    known, it passes). Where the job wants whole sentences only, cards without a verb are dropped.
    """
    verbless = {at for at, found in zip(plan.undecided, parsed, strict=True) if found and not found.verb}
    cards = [_with_flag(card, FRAGMENT) if at in verbless else card for at, card in enumerate(plan.cards)]
    left_out = {card.source_id: card for card in cards if settings.complete_only and FRAGMENT in card.flags}
    lost = (source for card in left_out.values() for source in sources_of(card))
    return Plan(
        cards=tuple(card for card in cards if card.source_id not in left_out),
        wanted=plan.wanted,
        dropped=(*plan.dropped, *(DroppedSentence(source_id=source, reason=FRAGMENT) for source in lost)),
    )


def send_short(plan: Plan, sentences: Sequence[SourceSentence], settings: JobSettings, *, before: str) -> Plan:
    """The plan for an engine that can join what is under the minimum with the sentence ahead of it, in its own words:
    such a sentence is wanted, and its own words are spare. One with nothing ahead stays as it is.
    """
    may_stay = {card.source_id for card in plan.cards if SHORT in card.flags and not card.also}
    ahead = (before, *(sentence.text for sentence in sentences))
    short = {
        sentence.id
        for sentence, text in zip(sentences, ahead, strict=False)
        if sentence.id in may_stay and text and not stays_whole(sentence, settings)
    }
    asked = short.union(plan.wanted)
    return replace(
        plan,
        cards=tuple(card for card in plan.cards if card.source_id not in short),
        wanted=tuple(sentence.id for sentence in sentences if sentence.id in asked),
        spares=tuple(card for card in plan.cards if card.source_id in short),
    )


def sources_of(card: CardDraft) -> tuple[SentenceId, ...]:
    """Every sentence that the card stands for."""
    return (card.source_id, *card.also)


def _with_flag(card: CardDraft, flag: str) -> CardDraft:
    return card.model_copy(update={"flags": (flag, *card.flags)})


def _passes(sentence: SourceSentence, settings: JobSettings) -> bool:
    words = count_words(sentence.text)
    return 0 < words <= settings.sentence_length_limit or (words > 0 and stays_whole(sentence, settings))


def stays_whole(sentence: SourceSentence, settings: JobSettings) -> bool:
    return settings.ignore_dialogue and sentence.dialogue


def _groups(sentences: Iterable[SourceSentence], settings: JobSettings) -> Iterator[list[SourceSentence]]:
    group: list[SourceSentence] = []
    for sentence in sentences:
        if group and not _joins(group, sentence, settings):
            yield group
            group = []
        group.append(sentence)
    if group:
        yield group


def _joins(group: list[SourceSentence], sentence: SourceSentence, settings: JobSettings) -> bool:
    last = group[-1]
    if (last.paragraph, last.dialogue) != (sentence.paragraph, sentence.dialogue):
        return False
    ours, theirs = sum(count_words(each.text) for each in group), count_words(sentence.text)
    if 0 in (ours, theirs) or stays_whole(sentence, settings) or sentence.text.startswith(_SPEAKER):
        return False
    is_short = min(ours, theirs) < settings.min_sentence_length
    return is_short and ours + theirs <= settings.sentence_length_limit


def _text(group: Iterable[SourceSentence]) -> str:
    return " ".join(sentence.text for sentence in group)


def _card(group: list[SourceSentence], settings: JobSettings, *, fragment: bool) -> CardDraft:
    text = _text(group)
    words = count_words(text)
    flags = {
        FRAGMENT: fragment,
        SHORT: words < settings.min_sentence_length,
        WHOLE_DIALOGUE: words > settings.sentence_length_limit,
    }
    return CardDraft(
        source_id=group[0].id,
        text=text,
        method=CardMethod.MERGED if len(group) > 1 else CardMethod.VERBATIM,
        flags=tuple(flag for flag, holds in flags.items() if holds),
        also=tuple(sentence.id for sentence in group[1:]),
    )
