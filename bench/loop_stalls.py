"""How long judging holds up the extractor's event loop. Prints, per way of judging, CPU and the longest stall.

    python bench/loop_stalls.py NOVEL.txt

Chunks of 1,000 words are answered by the sources cut every eight words. `in the loop` calls the same rules there.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from extractor.figures import count_figures
from extractor.judging import Judge, source_rules
from extractor.lexicon import french
from extractor.planning import plan_chunk
from extractor.typography import tidy
from extractor.validation import judge_card
from feuilleton.contracts.documents import CardDraft, CardMethod, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words
from feuilleton.french.segmentation import split_paragraph

CHUNK_WORDS, CHUNKS, AT_ONCE = 1000, 40, 8
SETTINGS = JobSettings()
Work = Callable[[Sequence[SourceSentence]], Awaitable[None]]


@dataclass
class Pulse:
    """Beats as fast as the loop lets it, and keeps the gaps."""

    gaps: list[float] = field(default_factory=list)

    async def beat(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.gaps.append(now - last - 0.001)
            last = now


def chunks_of(text: str) -> list[list[SourceSentence]]:
    chunks: list[list[SourceSentence]] = [[]]
    words = 0
    for paragraph, line in enumerate(text.splitlines()):
        for span in split_paragraph(line):
            if words >= CHUNK_WORDS:
                chunks, words = [*chunks, []], 0
            words += count_words(span.text)
            sentence = SentenceId(f"s{len(chunks)}-{len(chunks[-1])}")
            chunks[-1].append(SourceSentence(id=sentence, text=span.text, page=1, paragraph=paragraph))
    return list(islice(chunks, CHUNKS))


def drafts_of(sentences: Sequence[SourceSentence], wanted: Sequence[SentenceId]) -> dict[SentenceId, list[CardDraft]]:
    drafts: dict[SentenceId, list[CardDraft]] = {}
    for sentence in sentences:
        if sentence.id in wanted:
            words = sentence.text.split()
            pieces = (" ".join(words[at : at + 8]) for at in range(0, len(words), 8))
            drafts[sentence.id] = [
                CardDraft(source_id=sentence.id, text=tidy(piece), method=CardMethod.REWRITTEN) for piece in pieces
            ]
    return drafts


async def off_the_loop(sentences: Sequence[SourceSentence]) -> None:
    judge = Judge(french())
    plan, rules = await judge.plan(sentences, SETTINGS)
    drafts = drafts_of(sentences, plan.wanted)
    await judge.judge(drafts, rules)
    cards = [*plan.cards, *(card for group in drafts.values() for card in group)]
    await judge.count(cards, plan.dropped, sentences, SETTINGS)


async def in_the_loop(sentences: Sequence[SourceSentence]) -> None:
    await asyncio.sleep(0.002)  # as a chunk's answer comes when it comes
    plan = plan_chunk(sentences, SETTINGS, french())
    rules = source_rules(sentences, plan.wanted, SETTINGS, french(), "")
    drafts = drafts_of(sentences, plan.wanted)
    for source, group in drafts.items():
        for card in group:
            judge_card(card.text, rules[source])
    cards = [*plan.cards, *(card for group in drafts.values() for card in group)]
    count_figures(cards, plan.dropped, sentences, SETTINGS, french())


async def measure(name: str, chunks: Sequence[Sequence[SourceSentence]], work: Work) -> None:
    pulse, gate = Pulse(), asyncio.Semaphore(AT_ONCE)

    async def one(sentences: Sequence[SourceSentence]) -> None:
        async with gate:
            await work(sentences)

    beating = asyncio.create_task(pulse.beat())
    await asyncio.sleep(0.01)
    started = time.process_time()
    await asyncio.gather(*(one(chunk) for chunk in chunks))
    cpu = (time.process_time() - started) / len(chunks)
    await asyncio.sleep(0.01)
    beating.cancel()
    gaps = sorted(pulse.gaps)
    waits = f"the loop waits {gaps[int(0.9 * len(gaps))] * 1000:4.0f} ms (90 %), {gaps[-1] * 1000:4.0f} ms (most)"
    print(f"{name:14} {cpu * 1000:4.0f} ms of CPU a chunk; {waits}")


async def main(text: str) -> None:
    chunks = chunks_of(text)
    await measure("warming up", chunks[: CHUNKS // 4], off_the_loop)
    await measure("in the loop", chunks, in_the_loop)
    await measure("off the loop", chunks, off_the_loop)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text(encoding="utf-8")))
