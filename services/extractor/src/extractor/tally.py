"""What is known about the wanted sentences of a chunk so far: good cards, second best ones, reasons. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from extractor.engines.port import RewriteAnswer
from extractor.judging import Judged
from extractor.repairs import Ask
from extractor.verdicts import Verdict
from feuilleton.contracts.documents import CardDraft, CardMethod, DroppedSentence
from feuilleton.contracts.ids import SentenceId

INCOMPLETE = "incomplete"  # other cards of the same source were rejected

# Reasons of dropped sentences.
MISSED = "missed"  # no answer named it
INVALID = "invalid"  # no card of it passed; the detail is the last verdict
BAD_ANSWER = "bad_answer"  # the answers were not in the agreed form
REFUSED = "refused"  # the detail is the model's code
_UNANSWERED = frozenset({MISSED, BAD_ANSWER})


class Tally:
    """Keeps the best cards of each wanted source. Answers come judged (`judging`)."""

    def __init__(self, wanted: Sequence[SentenceId]) -> None:
        self._wanted = wanted
        self._settled: dict[SentenceId, tuple[CardDraft, ...]] = {}
        self._second_best: dict[SentenceId, tuple[CardDraft, ...]] = {}
        self._declined: dict[SentenceId, DroppedSentence] = {}
        self._reasons: dict[SentenceId, tuple[str, str]] = {}
        self.verdicts: Counter[str] = Counter()

    def known_drafts(self, ask: Ask, answer: RewriteAnswer) -> dict[SentenceId, list[CardDraft]]:
        """The drafts of the asked sentences, each source's in the order of the answer. The others have no source."""
        cards: dict[SentenceId, list[CardDraft]] = {}
        for draft in answer.cards:
            if draft.source_id in ask.wanted and set(draft.also) <= set(self._wanted):
                cards.setdefault(draft.source_id, []).append(draft)
        return cards

    def take(self, ask: Ask, answer: RewriteAnswer, judged: Mapping[SentenceId, Judged]) -> tuple[SentenceId, ...]:
        """Keep what is good of a judged answer. Returns the asked sentences without a full set of good cards."""
        known = self.known_drafts(ask, answer)
        foreign = len(answer.cards) - sum(len(drafts) for drafts in known.values())
        self.verdicts.update({Verdict.UNKNOWN_ID: foreign} if foreign else {})
        self._declined.update({each.source_id: each for each in answer.declined if each.source_id in ask.wanted})
        for sentence, cards in judged.items():
            self.verdicts.update(cards.verdicts)
            self._keep(sentence, cards)
        for sentence in set(ask.wanted) - judged.keys():
            self._reasons[sentence] = (MISSED, "")
        joined = {sentence for cards in self._settled.values() for card in cards for sentence in card.also}
        done = self._settled.keys() | self._declined.keys() | joined
        return tuple(sentence for sentence in ask.wanted if sentence not in done)

    def fail(self, ask: Ask, reason: str, detail: str = "") -> tuple[SentenceId, ...]:
        """Note why a whole ask gave nothing. Returns its sentences."""
        for sentence in ask.wanted:
            self._reasons[sentence] = (reason, detail)
        return ask.wanted

    def cards(self) -> tuple[CardDraft, ...]:
        """The cards to keep; several of one source stay in the order of the answer."""
        kept = {**self._second_best, **self._settled}
        return tuple(card for cards in kept.values() for card in cards)

    def dropped(self) -> tuple[DroppedSentence, ...]:
        """The wanted sentences that no kept card represents."""
        shown = {sentence for card in self.cards() for sentence in (card.source_id, *card.also)}
        return tuple(self._drop(sentence) for sentence in self._wanted if sentence not in shown)

    def faults(self, sentences: Sequence[SentenceId]) -> dict[SentenceId, str]:
        """The verdict that spoiled the last answer for a sentence, of those whose cards were judged."""
        reasons = ((sentence, self._reasons.get(sentence, (MISSED, ""))) for sentence in sentences)
        return {sentence: detail for sentence, (reason, detail) in reasons if reason == INVALID and detail}

    def nothing_usable(self) -> bool:
        """Whether every wanted sentence went without an answer: the engine's fault, not the sentences'."""
        return not self.cards() and all(each.reason in _UNANSWERED for each in self.dropped())

    def _keep(self, sentence: SentenceId, judged: Judged) -> None:
        if judged.good and not judged.faults:
            self._settled[sentence] = judged.good
            return
        self._reasons[sentence] = (INVALID, judged.faults[-1] if judged.faults else "")
        if len(judged.good) > len(self._second_best.get(sentence, ())):
            self._second_best[sentence] = tuple(_incomplete(card) for card in judged.good)

    def _drop(self, sentence: SentenceId) -> DroppedSentence:
        if sentence in self._declined:
            return self._declined[sentence]
        reason, detail = self._reasons.get(sentence, (MISSED, ""))
        return DroppedSentence(source_id=sentence, reason=reason, detail=detail)


def _incomplete(card: CardDraft) -> CardDraft:
    """Cuts are pieces of a sentence anyway: that one of them fell says nothing about the others."""
    if card.method is not CardMethod.REWRITTEN:
        return card
    return card.model_copy(update={"flags": (*card.flags, INCOMPLETE)})
