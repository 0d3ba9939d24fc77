"""The commands around a reading: a sheet before it, its score after it."""

import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from eval import cache, sheets
from eval.announced import Draw
from eval.cards import BASELINES, cut_all
from eval.drawing import REWRITTEN, Drawn, Rewrite, Source, draw, mixed, over_limit
from eval.engine import extract_all, local_engine
from eval.novels import novel_text, sentences_of
from eval.scoring import Score, by_novel, reasons, score
from feuilleton.contracts.documents import CardDraft
from feuilleton.contracts.job_settings import JobSettings


async def draw_sheet(order: Draw, left_out: Collection[str], maker: str | None, key: Path | None) -> None:
    """The sheet to standard output, its key to a file. `left_out`: letters of sources not to draw; `maker`: a baseline
    in place of the local engine.
    """
    settings = JobSettings(confidence=order.confidence)
    found: list[Drawn] = []
    async with _rewriting(settings, maker) as cut:
        rewrite = _Counting(cut)
        for place, novel in enumerate(order.novels):
            sentences = sentences_of(novel_text(novel), order.part)
            sources = over_limit(novel, sentences, settings.sentence_length_limit)
            unseen = [source for source in sources if sheets.letters(source.sentence.text) not in left_out]
            wanted = (order.count + place) // len(order.novels)
            found.extend(await draw(unseen, order.seed, wanted, rewrite))
            print(f"{novel}: {wanted} cards of {len(unseen)} sentences over the limit", file=sys.stderr)
    print(f"{rewrite.served / rewrite.asked:.1%} of {rewrite.asked} asked have a card", file=sys.stderr)
    ordered = mixed(found, order.seed)
    sheets.write([sheets.Line.of(one) for one in ordered], sys.stdout)
    _write_key(key or cache.FOLDER / f"{order.name}.key.tsv", ordered)


class _Counting:
    """How many sentences were asked, and how many of them have a card."""

    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite
        self.asked = self.served = 0

    async def __call__(self, sources: Sequence[Source]) -> Sequence[Sequence[CardDraft]]:
        found = await self._rewrite(sources)
        self.asked += len(found)
        self.served += sum(any(card.method in REWRITTEN for card in cards) for cards in found)
        return found


@asynccontextmanager
async def _rewriting(settings: JobSettings, maker: str | None) -> AsyncIterator[Rewrite]:
    """Each source is a chunk of its own, with the sentence ahead: cards do not depend on how a book is cut."""
    if maker is not None:

        async def cut(sources: Sequence[Source]) -> list[Sequence[CardDraft]]:
            return [cut_all([source.sentence], BASELINES[maker], settings) for source in sources]

        yield cut
        return
    async with local_engine() as engine:

        async def rewrite(sources: Sequence[Source]) -> list[Sequence[CardDraft]]:
            chunks = [[source.sentence] for source in sources]
            done = await extract_all(engine, chunks, [source.before for source in sources], settings)
            return [checkpoint.cards for checkpoint in done]

        yield rewrite


def _write_key(path: Path, drawn: Sequence[Drawn]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        sheets.write([sheets.KeyLine.of(one) for one in drawn], file)
    print(f"what made them: {path} (not before they are judged)", file=sys.stderr)


def print_score(path: Path) -> bool:
    """Whether all cards are read: a share of what happens to be read proves nothing."""
    lines = sheets.read(path)
    for novel, figures in {**by_novel(lines), "all": score(lines)}.items():
        print(_score_line(novel, figures))
    print("doubtful counts as wrong; the bound is the lower end of the two-sided 95 % Clopper-Pearson interval")
    for reason, count in reasons(lines):
        print(f"{count:5} {reason}")
    return score(lines).unread == 0


def _score_line(novel: str, figures: Score) -> str:
    unread = f", {figures.unread} not yet read" if figures.unread else ""
    return (
        f"{novel:12} {figures.correct}/{figures.read} correct = {figures.share:.1%}, "
        f"at least {figures.lower_bound:.1%}{unread}"
    )
