"""`python -m eval draw | score | measure | readings`: see docs/quality.md."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from eval import sheets
from eval.announced import ANNOUNCED, Draw, read_before
from eval.cards import BASELINES
from eval.measuring import EVERY, write_page, write_readings
from eval.novels import ELSEWHERE, NOVELS, Part, unseen_novels
from eval.reading import draw_sheet, print_score
from eval.tei import write_texts
from feuilleton.contracts.job_settings import Confidence


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    match options.command:
        case "draw":
            order = _order(options)
            paths = read_before(order) if options.announced else options.leave_out
            asyncio.run(draw_sheet(order, sheets.sources_read(paths), options.by, options.key))
        case "score":
            return 0 if print_score(options.sheet) else 1
        case "measure":
            asyncio.run(write_page(options.every))
        case "readings":
            write_readings()
        case "texts":
            write_texts(options.folders, unseen_novels(), tuple(Path(name).stem for name in ELSEWHERE.values()))
    return 0


def _order(options: argparse.Namespace) -> Draw:
    if options.announced:
        return next(draw for draw in ANNOUNCED if draw.name == options.announced)
    name = f"{options.seed}-{options.confidence}"
    return Draw(name, options.seed, options.confidence, options.part, tuple(options.novels), options.count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_draw(commands.add_parser("draw", help="cards of the local engine at random, as a sheet to read"))
    scoring = commands.add_parser("score", help="the share of correct cards on a sheet that was read")
    scoring.add_argument("sheet", type=Path)
    measuring = commands.add_parser("measure", help="write the tables of docs/quality.md anew")
    measuring.add_argument("--every", type=int, default=EVERY, help="1: whole novels; 4: a quarter of each")
    commands.add_parser("readings", help="write only the tables of what was read")
    texts = commands.add_parser("texts", help="make the texts of the novels that are not in the test data")
    texts.add_argument(
        "folders",
        type=Path,
        nargs="+",
        help="level1 of ELTeC-fra and of its extension, french/roman19/tei and french/nouvelles19/tei of the textbox",
    )
    return parser


def _add_draw(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int)
    which.add_argument("--announced", choices=[draw.name for draw in ANNOUNCED], help="a draw that counts")
    parser.add_argument("--novels", nargs="+", choices=(*NOVELS, *ELSEWHERE), default=tuple(NOVELS))
    parser.add_argument("--part", type=Part.parse, default=Part(), help="of each novel, in words: 0.6:1.0")
    parser.add_argument("--confidence", type=Confidence, choices=tuple(Confidence), default=Confidence.BALANCED)
    parser.add_argument("--count", type=int, default=400, help="cards in all, equal over the novels")
    parser.add_argument("--leave-out", type=Path, nargs="*", default=(), help="sheets whose sources are not drawn")
    parser.add_argument("--key", type=Path, help="where to write what made each card (default: under .local/eval)")
    parser.add_argument("--by", choices=tuple(BASELINES), help="cards of a baseline in place of the engine's")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
