"""What the rules leave undecided goes to the parser, and nothing else does."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from extractor.card_parsing import ParsedPredicate
from extractor.judging import Judge, Judged, source_rules
from extractor.lexicon import french
from extractor.planning import Plan
from extractor.verdicts import Verdict
from feuilleton.contracts.documents import CardDraft
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from tests.unit.extractor.scripted_engine import a_draft, a_sentence

LONG = a_sentence(0, "Alors parut le vieux capitaine, et la porte du navire claqua dans le vent de la nuit.")
WHOLE = ParsedPredicate(verb=True, subject=True)
BARE = ParsedPredicate(verb=True, subject=False)
NO_VERB = ParsedPredicate(verb=False, subject=False)


@dataclass
class ScriptedParser:
    """Says what the test wrote down of each text, None of any other."""

    says: Mapping[str, ParsedPredicate] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        self.asked.extend(texts)
        return [self.says.get(text) for text in texts]


async def judged(parser: ScriptedParser, *texts: str, settings: JobSettings | None = None) -> Judged:
    rules = source_rules([LONG], [LONG.id], settings or JobSettings(), french(), "")
    drafts: dict[SentenceId, list[CardDraft]] = {LONG.id: [a_draft(LONG.id, text) for text in texts]}
    return (await Judge(french(), parser).judge(drafts, rules))[LONG.id]


async def planned(parser: ScriptedParser, *texts: str, settings: JobSettings | None = None) -> Plan:
    sentences = [a_sentence(number, text) for number, text in enumerate(texts)]
    return (await Judge(french(), parser).plan(sentences, settings or JobSettings()))[0]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [(WHOLE, Verdict.OK), (BARE, Verdict.NO_SUBJECT), (NO_VERB, Verdict.NO_VERB), (None, Verdict.OK)],
)
async def test_the_parser_settles_what_the_rules_leave_open(found: ParsedPredicate | None, verdict: Verdict) -> None:
    text = "Alors parut le capitaine."
    cards = await judged(ScriptedParser({text: found} if found else {}), text)
    assert cards.verdicts == {verdict: 1}
    assert len(cards.good) == (verdict is Verdict.OK)


async def test_the_parser_is_asked_of_nothing_that_the_rules_settle() -> None:
    parser = ScriptedParser()
    await judged(parser, "La porte claqua.", "Le vieux vent de la nuit.", "Licornes.")
    await planned(parser, "Il vint.", "Oui.", "Le capitaine monta.")
    assert parser.asked == []


async def test_a_repeat_is_left_out_and_a_card_told_too_late_is_a_fault() -> None:
    cards = await judged(ScriptedParser(), "La porte claqua.", "La porte claqua !", "Le vieux capitaine parut.")
    assert [card.text for card in cards.good] == ["La porte claqua."]
    assert cards.verdicts == {Verdict.OK: 1, Verdict.DUPLICATE: 1, Verdict.OUT_OF_ORDER: 1}
    assert cards.faults == (Verdict.OUT_OF_ORDER,)


async def test_a_sentence_that_may_hold_a_verb_is_a_fragment_only_if_the_parser_finds_none() -> None:
    text = "Marche extrêmement pénible."
    assert (await planned(ScriptedParser({text: NO_VERB}), text)).cards[0].flags == ("fragment",)
    assert (await planned(ScriptedParser({text: BARE}), text)).cards[0].flags == ()
    assert (await planned(ScriptedParser(), text)).cards[0].flags == ()


async def test_a_job_for_whole_sentences_drops_fragments_with_that_reason() -> None:
    settings = JobSettings(complete_only=True)
    parser = ScriptedParser({"Marche pénible.": NO_VERB})
    plan = await planned(parser, "Oui.", "Il vint.", "Marche pénible.", settings=settings)
    assert [card.text for card in plan.cards] == ["Il vint."]
    assert [(each.source_id, each.reason) for each in plan.dropped] == [("s0000", "fragment"), ("s0002", "fragment")]


async def test_all_sources_of_a_joined_fragment_are_dropped() -> None:
    sentences = [a_sentence(0, "Oui.", paragraph=0), a_sentence(1, "Une belle soirée !", paragraph=0)]
    plan, _ = await Judge(french()).plan(sentences, JobSettings(complete_only=True))
    assert plan.cards == ()
    assert [each.source_id for each in plan.dropped] == ["s0000", "s0001"]


async def test_a_fragment_joined_with_a_verb_is_whole() -> None:
    sentences = [a_sentence(0, "Oui.", paragraph=0), a_sentence(1, "Il vint hier.", paragraph=0)]
    plan, _ = await Judge(french()).plan(sentences, JobSettings(complete_only=True))
    assert [card.text for card in plan.cards] == ["Oui. Il vint hier."]


async def test_the_loop_goes_on_while_cards_are_judged() -> None:
    sentences = [a_sentence(n, f"Marin{n} monta sur le pont du navire avant que le jour ne parût.") for n in range(300)]
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    await Judge(french()).plan(sentences, JobSettings())
    beating.cancel()
    assert beats > 1
