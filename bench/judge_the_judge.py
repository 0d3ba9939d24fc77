"""How often the verdicts are wrong: good cards refused, bad cards passed. Prints the table of docs/figures.md.

Good: cards that a reader judged correct (eval/judged), the chapter answered by hand, the novels' own short sentences
with a conjugated verb. Bad: cards judged wrong, and good ones spoilt: cut, a word invented, the subject taken off.
"""

import asyncio
import csv
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.card_parsing import ParsedPredicate
from extractor.engines.local.card_parser import parse_predicates
from extractor.french import FUNCTION_WORDS, tokenize
from extractor.judging import Judge
from extractor.lexicon import french
from extractor.predicates import find_predicate
from extractor.typography import tidy
from extractor.validation import SourceRules
from extractor.verbs import Evidence, evidence_at
from extractor.verdicts import Verdict
from feuilleton.contracts.documents import CardDraft, CardMethod
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words

_REPO = Path(__file__).resolve().parent.parent
SEED = 20261122
SAMPLE = 600
LIMIT = JobSettings().sentence_length_limit
_FOREIGN = ("licorne", "ordinateur", "fusée", "pingouin", "vélo", "guitare")


@dataclass(frozen=True)
class Case:
    """One card with what it was made of."""

    card: str
    source: str
    before: str = ""


class InProcess:
    """The parser without its pool: this is one process anyway."""

    async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
        return parse_predicates(texts)


async def verdicts_of(cases: Sequence[Case]) -> list[Verdict]:
    """Each card judged by itself, as an engine's."""
    rules, drafts = {}, {}
    for number, case in enumerate(cases):
        source = SentenceId(f"s{number}")
        rules[source] = SourceRules.of(case.source, case.before, JobSettings(), french())
        drafts[source] = [CardDraft(source_id=source, text=case.card, method=CardMethod.REWRITTEN)]
    judged = await Judge(french(), InProcess()).judge(drafts, rules)
    return [judged[source].faults[0] if judged[source].faults else Verdict.OK for source in drafts]


def read_by_hand(*, good: bool) -> list[Case]:
    """Cards of the judged sheets; doubtful ones are neither."""
    wanted = {"correct", "ok"} if good else {"wrong"}
    cases = []
    for sheet in sorted((_REPO / "eval" / "judged").glob("*.tsv")):
        if good and sheet.stem.startswith("baseline"):
            continue
        with sheet.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            cases += [
                Case(row["card"], row["source"], row.get("before") or "") for row in rows if row["verdict"] in wanted
            ]
    return cases


def written_by_hand() -> list[Case]:
    """The last answer for each sentence of the recorded chapter: those before it are slips to be mended."""
    book = json.loads((_REPO / "tests" / "recorded" / "le_pont.json").read_text(encoding="utf-8"))
    texts = [sentence["text"] for sentence in book["sentences"]]
    ids = [sentence["id"] for sentence in book["sentences"]]
    last: dict[str, list[str]] = {}
    for call in book["calls"]:
        last.update({answer["id"]: answer["cartes"] for answer in call.get("phrases", ())})
    befores = dict(zip(ids, ["", *texts], strict=False))
    sources = dict(zip(ids, texts, strict=True))
    return [Case(card, sources[one], befores[one]) for one, cards in last.items() if one in sources for card in cards]


def short_sentences() -> Iterator[Case]:
    """The author's own short sentences, told as if they had been made of a longer one."""
    from eval.novels import NOVELS, novel_text, sentences_of  # noqa: PLC0415  the path is set in main

    for name in NOVELS:
        for sentence in sentences_of(novel_text(name)):
            text = sentence.text
            whole = text.count("«") == text.count("»") and text.rstrip("» \u00a0\u202f").endswith((".", "!", "?", "…"))
            if whole and 3 <= count_words(text) <= LIMIT and find_predicate(text, french()).verb is Evidence.SURE:
                yield Case(text, f"Le jour vint : {text} La nuit suivit.")


def cut_every_eight(cases: Iterable[Case]) -> Iterator[Case]:
    for case in cases:
        words = case.source.split()
        for at in range(0, len(words), LIMIT):
            yield Case(tidy(" ".join(words[at : at + LIMIT])), case.source)


def with_a_foreign_word(cases: Iterable[Case], chance: random.Random) -> Iterator[Case]:
    """The last content word becomes one that no source holds."""
    for case in cases:
        content = [token.form for token in tokenize(case.card)[1:] if token.key not in FUNCTION_WORDS]
        if content:
            spoilt = case.card[::-1].replace(content[-1][::-1], chance.choice(_FOREIGN)[::-1], 1)[::-1]
            yield Case(spoilt, case.source, case.before)


def without_subject(cases: Iterable[Case]) -> Iterator[Case]:
    """Only the verb and what follows it, where there is one verb and something stands ahead of it."""
    for case in cases:
        tokens = tokenize(case.card)
        verbs = [at for at in range(len(tokens)) if evidence_at(tokens, at, french()) is not Evidence.NONE]
        whole = find_predicate(case.card, french()).whole is Evidence.SURE
        if whole and len(verbs) == 1 and verbs[0] and not any(token.joined for token in tokens):
            verb = tokens[verbs[0]].form
            found = re.search(rf"(?<!\w){re.escape(verb)}(?!\w)", case.card.replace("’", "'"))
            if found:
                yield Case(tidy(case.card[found.start() :]), case.source, case.before)


def without_denial(cases: Iterable[Case]) -> Iterator[Case]:
    """`il ne dormait pas` as `il dormait`, of one clause that only `pas` denies."""
    denial = re.compile(r"\b(?:ne |n['’])((?:\w+['’])?\w+(?: \w+)?)(?: pas\b)", re.IGNORECASE)
    for case in cases:
        card = denial.sub(r"\1", case.card)
        if card != case.card and case.card.count("pas") == 1:
            yield Case(card, case.source, case.before)


async def tell(name: str, cases: Sequence[Case], *, good: bool) -> None:
    verdicts = Counter(await verdicts_of(cases))
    refused = sum(verdicts.values()) - verdicts[Verdict.OK]
    share = refused / max(1, len(cases))
    reasons = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common() if verdict is not Verdict.OK)
    print(f"| {name} | {'good' if good else 'bad'} | {len(cases)} | {share:.1%} | {reasons} |", flush=True)


async def main() -> None:
    chance = random.Random(SEED)
    read, wrong, hand = read_by_hand(good=True), read_by_hand(good=False), written_by_hand()
    own = chance.sample(list(short_sentences()), 4 * SAMPLE)
    some = chance.sample(own, SAMPLE)
    print("| cards | they are | number | refused | as |\n| --- | --- | --- | --- | --- |")
    await tell("read and found correct", read, good=True)
    await tell("answered by hand", hand, good=True)
    await tell("the authors' short sentences", own, good=True)
    await tell("read and found wrong", wrong, good=False)
    await tell("cut every 8 words", chance.sample(list(cut_every_eight(read)), SAMPLE), good=False)
    await tell("a word invented", list(with_a_foreign_word(some, chance)), good=False)
    await tell("without their denial", list(without_denial(own)), good=False)
    await tell("without their subject", list(without_subject(some)), good=False)


if __name__ == "__main__":
    sys.path.insert(0, str(_REPO))
    asyncio.run(main())
