"""`make eval`: everything that is measured, into docs/quality.md."""

import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from eval import cache, page
from eval.cards import Judged, Made, figures_of, sample
from eval.engine import local_engine
from eval.judges import MODELS
from eval.measures.fidelity import fidelity
from eval.measures.segmentation import (
    BoundaryScores,
    boundary_scores,
    in_its_book,
    read_gold,
    stands_alone,
    treebank,
    treebank_sentences,
)
from eval.novels import NOVELS, novel_text, sentences_of, shared_data
from eval.readings import agreement_table, announced_table, judges_table, others_table
from eval.tables import NovelFigures, percent, quality_table, telling_table
from extractor.engines.port import RewriteEngine
from feuilleton.contracts.quality import QualityCounts, total_of
from feuilleton_sample import typeset_raw_novel
from feuilleton_sample.markup import parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup

EVERY = 4
ALL = "all four"


async def write_page(every: int = EVERY) -> None:
    """Measure all and write the page anew. `every`: of the pieces of a novel, of about 1,000 words each, take every
    so manyth for the figures of cards.
    """
    began = time.monotonic()
    async with local_engine() as engine:
        novels = [await _novel(novel, every, engine) for novel in NOVELS]
    seconds = time.monotonic() - began
    whole = together(novels)
    sections = {
        "figures": f"{_how(every, seconds)}\n\n{quality_table([*novels, whole])}\n\n{treebanks()}",
        "telling": telling_table(whole.made),
    }
    _write(sections | reading_sections())


def write_readings() -> None:
    """Only the tables of what was read."""
    _write(reading_sections())


def reading_sections() -> dict[str, str]:
    return {
        "announced": announced_table(),
        "other readings": others_table(),
        "agreement": agreement_table(),
        "judges": judges_table(),
    }


def together(novels: Iterable[NovelFigures]) -> NovelFigures:
    """Sums of counts; of the shares of text the mean over novels."""
    found = list(novels)
    return NovelFigures(
        ALL,
        sum(one.words_right for one in found) / len(found),
        sum(one.ends_f1 for one in found) / len(found),
        {maker: _sum(one.made[maker] for one in found) for maker in found[0].made},
    )


def _sum(made: Iterable[Made]) -> Made:
    found = list(made)
    judged = {
        model: Judged(sum(one.judged[model].passed for one in found), sum(one.judged[model].asked for one in found))
        for model in MODELS
    }
    return Made(total_of(QualityCounts, (one.counts for one in found)), judged)


async def _novel(novel: str, every: int, engine: RewriteEngine) -> NovelFigures:
    began = time.monotonic()
    text = novel_text(novel)
    gold = [paragraph for paragraph in read_gold() if paragraph.novel.startswith(novel)]
    splitter = in_its_book({novel: text.replace("'", "’")})  # as print has it
    ends = sum(boundary_scores(gold, splitter).values(), BoundaryScores())
    made = await figures_of(novel, sample(sentences_of(text), every), engine)
    print(f"{novel}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return NovelFigures(novel, words_right(text, novel), ends.f1, made)


def words_right(text: str, title: str) -> float:
    """The share of words that come back right, in order, when the novel is typeset and its PDF is read."""
    source = plain_text(parse_novel(raw_to_markup(text, title)), scans=False)
    return fidelity(typeset_raw_novel(text, title), source).word_accuracy


def treebanks() -> str:
    """Ends F1 on other prose than novels; nothing of these is in the table."""
    folder = shared_data() / "sentences"
    found = ", ".join(_treebank(path) for path in sorted(folder.glob("*.conllu")))
    return (
        "Ends F1 on treebanks (news, web, encyclopedia, medicine): all their sentences, joined to paragraphs, headings "
        f"and items of lists as paragraphs of their own; in brackets without that: {found}."
    )


def _treebank(path: Path) -> str:
    own, joined = (
        sum(boundary_scores(treebank(path, one_after_another=joined)).values(), BoundaryScores())
        for joined in (False, True)
    )
    sentences = treebank_sentences(path)
    alone = sum(map(stands_alone, sentences))
    return f"{path.stem} {percent(own.f1, 2)} ({percent(joined.f1, 2)}; {alone} of {len(sentences):,} stand alone)"


def _how(every: int, seconds: float) -> str:
    share = "whole novels" if every == 1 else f"every {every}th piece (about 1,000 words) of each novel"
    return f"Cards: {share}. Measured in {seconds:.0f} s; rules of cards {cache.code_hash()[:8]}."


def _write(sections: Mapping[str, str]) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    page.PAGE.write_text(page.replaced(text, sections), encoding="utf-8")
