"""Judges the cards of a chunk off the event loop: rules in a thread, what they leave open by the parser.

A chunk of 1,000 words takes tens of milliseconds; in the loop, every heartbeat and every other chunk would wait.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from extractor.card_parsing import CardParser, NoCardParser, ParsedPredicate
from extractor.figures import count_figures
from extractor.lexicon import Lexicon
from extractor.order import out_of_order
from extractor.planning import Plan, decide_fragments, plan_chunk, send_short
from extractor.typography import tidy
from extractor.validation import SourceRules, is_undecided, judge_card, judge_parse, sameness_key
from extractor.verdicts import Verdict
from feuilleton.contracts.documents import CardDraft, DroppedSentence, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.quality import QualityCounts

# One for the process: the rules hold the interpreter's lock, and each further thread would make the loop wait longer.
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judge")

T = TypeVar("T")
Rules = Mapping[SentenceId, SourceRules]
Drafts = Mapping[SentenceId, Sequence[CardDraft]]


@dataclass(frozen=True)
class JudgedCard:
    """A card, tidied, with its verdict. `undecided`: it is OK as far as the rules can tell."""

    card: CardDraft
    verdict: Verdict
    undecided: bool = False


@dataclass(frozen=True)
class Judged:
    """What became of the cards of one source."""

    good: tuple[CardDraft, ...]
    faults: tuple[Verdict, ...]
    verdicts: Counter[str]


class Judge:
    """Plans chunks and judges cards. Safe to share between chunks; every method may be cancelled and called again."""

    def __init__(self, lexicon: Lexicon, parser: CardParser | None = None) -> None:
        self._lexicon = lexicon
        self._parser = parser or NoCardParser()

    async def plan(
        self,
        sentences: Sequence[SourceSentence],
        settings: JobSettings,
        *,
        before: str = "",
        rewrites_short: bool = False,
    ) -> tuple[Plan, Rules]:
        """What happens to each sentence, and what the cards of the wanted ones are measured against.
        `rewrites_short`: the engine may be asked for sentences under the minimum too.
        """
        plan = await _in_thread(plan_chunk, sentences, settings, self._lexicon)
        parsed = await self._parse([plan.cards[at].text for at in plan.undecided])
        plan = decide_fragments(plan, parsed, settings)
        if rewrites_short:
            plan = send_short(plan, sentences, settings, before=before)
        rules = await _in_thread(source_rules, sentences, plan.wanted, settings, self._lexicon, before)
        return plan, rules

    async def judge(self, drafts: Drafts, rules: Rules) -> Mapping[SentenceId, Judged]:
        """A verdict on each draft; `rules` holds an entry for each source."""
        cards = await _in_thread(_judge_all, drafts, rules)
        open_texts = [each.card.text for group in cards.values() for each in group if each.undecided]
        parsed = dict(zip(open_texts, await self._parse(open_texts), strict=True))
        decided = {source: [_decide(each, parsed) for each in group] for source, group in cards.items()}
        return await _in_thread(_sum_up, decided, rules)

    async def count(
        self,
        cards: Sequence[CardDraft],
        dropped: Sequence[DroppedSentence],
        sentences: Sequence[SourceSentence],
        settings: JobSettings,
        *,
        before: str = "",
    ) -> QualityCounts:
        """The figures of the final cards."""
        counting = partial(count_figures, cards, dropped, sentences, settings, self._lexicon, before=before)
        return await _in_thread(counting)

    async def _parse(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        return await self._parser.parse_cards(texts) if texts else ()


async def _in_thread(func: Callable[..., T], *args: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREAD, func, *args)


def source_rules(
    sentences: Sequence[SourceSentence],
    wanted: Iterable[SentenceId],
    settings: JobSettings,
    lexicon: Lexicon,
    before: str,
) -> Rules:
    """The rules of each wanted sentence; `before` is the sentence ahead of the first."""
    asked = frozenset(wanted)
    befores = (before, *(sentence.text for sentence in sentences))
    return {
        sentence.id: SourceRules.of(sentence.text, ahead, settings, lexicon)
        for sentence, ahead in zip(sentences, befores, strict=False)
        if sentence.id in asked
    }


def _judge_all(drafts: Drafts, rules: Rules) -> dict[SentenceId, list[JudgedCard]]:
    return {source: [_judge_draft(draft, rules[source]) for draft in group] for source, group in drafts.items()}


def _judge_draft(draft: CardDraft, rules: SourceRules) -> JudgedCard:
    card = draft.model_copy(update={"text": tidy(draft.text)})
    verdict = judge_card(card.text, rules)
    return JudgedCard(card, verdict, undecided=verdict is Verdict.OK and is_undecided(card.text, rules.lexicon))


def _decide(judged: JudgedCard, parsed: Mapping[str, ParsedPredicate | None]) -> JudgedCard:
    found = parsed.get(judged.card.text) if judged.undecided else None
    return judged if found is None else replace(judged, verdict=judge_parse(found))


def _sum_up(cards: Mapping[SentenceId, Sequence[JudgedCard]], rules: Rules) -> dict[SentenceId, Judged]:
    return {source: _sum_up_source(group, rules[source]) for source, group in cards.items()}


def _sum_up_source(group: Sequence[JudgedCard], rules: SourceRules) -> Judged:
    """Cards of one source together: a repeat is left out, one that is told too late is a fault."""
    good: dict[tuple[str, ...], CardDraft] = {}
    verdicts: list[Verdict] = []
    for judged in group:
        key = sameness_key(judged.card.text)
        repeats = judged.verdict is Verdict.OK and key in good
        verdicts.append(Verdict.DUPLICATE if repeats else judged.verdict)
        if judged.verdict is Verdict.OK:
            good.setdefault(key, judged.card)
    kept = list(good.values())
    late = out_of_order([card.text for card in kept], rules.source, rules.lexicon)
    counts: Counter[str] = Counter(verdicts)
    counts[Verdict.OK] -= len(late)
    counts[Verdict.OUT_OF_ORDER] += len(late)
    faults = [verdict for verdict in verdicts if verdict not in (Verdict.OK, Verdict.DUPLICATE)]
    return Judged(
        good=tuple(card for at, card in enumerate(kept) if at not in late),
        faults=(*faults, *(Verdict.OUT_OF_ORDER for _ in late)),
        verdicts=+counts,
    )
