"""`python -m eval draw | score`: see docs/quality.md."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from eval import sheets
from eval.drawing import Drawn, Source, draw, mixed, over_limit
from eval.engine import extract_all, local_engine
from eval.novels import NOVELS, Part, novel_text, sentences_of
from eval.scoring import Score, by_novel, reasons, score
from feuilleton.contracts.documents import CardDraft
from feuilleton.contracts.job_settings import Confidence, JobSettings


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.command == "score":
        return print_score(options.sheet)
    return asyncio.run(draw_sheet(options))


def print_score(path: Path) -> int:
    """Exit code 1 while cards are unread: a share of what happens to be read proves nothing."""
    lines = sheets.read(path)
    for novel, figures in {**by_novel(lines), "all": score(lines)}.items():
        print(_score_line(novel, figures))
    print("doubtful counts as wrong; the bound is the lower end of the two-sided 95 % Clopper-Pearson interval")
    for reason, count in reasons(lines):
        print(f"{count:5} {reason}")
    return 1 if score(lines).unread else 0


def _score_line(novel: str, figures: Score) -> str:
    unread = f", {figures.unread} not yet read" if figures.unread else ""
    return (
        f"{novel:12} {figures.correct}/{figures.read} correct = {figures.share:.1%}, "
        f"at least {figures.lower_bound:.1%}{unread}"
    )


async def draw_sheet(options: argparse.Namespace) -> int:
    settings = JobSettings(confidence=options.confidence)
    seen = {line.source for path in options.leave_out for line in sheets.read(path)}
    found: list[Drawn] = []
    async with local_engine() as engine:

        async def rewrite(sources: Sequence[Source]) -> list[Sequence[CardDraft]]:
            chunks = [[source.sentence] for source in sources]
            done = await extract_all(engine, chunks, [source.before for source in sources], settings)
            return [checkpoint.cards for checkpoint in done]

        for place, novel in enumerate(options.novels):
            share = (options.count + place) // len(options.novels)
            sentences = sentences_of(novel_text(novel), options.part)
            sources = over_limit(novel, sentences, settings.sentence_length_limit)
            unseen = [source for source in sources if source.sentence.text not in seen]
            cards = await draw(unseen, options.seed, share, rewrite)
            print(f"{novel}: {len(cards)} cards of {len(unseen)} sentences over the limit", file=sys.stderr)
            found.extend(cards)
    ordered = mixed(found, options.seed)
    sheets.write([sheets.Line.of(one) for one in ordered], sys.stdout)
    _write_key(options, ordered)
    return 0


def _write_key(options: argparse.Namespace, drawn: Sequence[Drawn]) -> None:
    path = options.key or Path(f".local/eval/{options.seed}-{options.confidence}.key.tsv")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        sheets.write([sheets.KeyLine.of(one) for one in drawn], file)
    print(f"what made them: {path} (not before they are judged)", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw", help="cards of the local engine at random, as a sheet to read")
    drawing.add_argument("--seed", type=int, required=True)
    drawing.add_argument("--novels", nargs="+", choices=tuple(NOVELS), default=tuple(NOVELS))
    drawing.add_argument("--part", type=Part.parse, default=Part(), help="of each novel, in words: 0.6:1.0")
    drawing.add_argument("--confidence", type=Confidence, choices=tuple(Confidence), default=Confidence.BALANCED)
    drawing.add_argument("--count", type=int, default=400, help="cards in all, equal over the novels")
    drawing.add_argument("--leave-out", type=Path, nargs="*", default=(), help="sheets whose sources are not drawn")
    drawing.add_argument("--key", type=Path, help="where to write what made each card (default: under .local/eval)")
    scoring = commands.add_parser("score", help="the share of correct cards on a sheet that was read")
    scoring.add_argument("sheet", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
