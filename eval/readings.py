"""What became of the draws: the tables of cards that were read."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eval import sheets
from eval.announced import ANNOUNCED, Draw
from eval.judges import MODELS, judge
from eval.scoring import Score, by_novel, score
from eval.sheets import Line, Verdict
from eval.tables import NOTHING, markdown, percent

NOT_READ = "not yet read"
BASELINE = "baseline-"  # lists of cards of a baseline
COLUMNS = ("draw", "cards", "correct", "at least", "by novel")


def announced_table(draws: Sequence[Draw] = ANNOUNCED) -> str:
    """A row for each draw that counts, read or not."""
    return markdown(COLUMNS, [_row(draw.name, draw.judged) for draw in draws])


def others_table(folder: Path = sheets.JUDGED) -> str:
    """A row for each further list: read on the way, while the rules still changed."""
    counted = {draw.judged.name for draw in ANNOUNCED}
    rows = [_row(path.stem, path) for path in sorted(folder.glob("*.tsv")) if path.name not in counted]
    return markdown(COLUMNS, rows or [[NOT_READ, *[NOTHING] * 4]])


def judges_table(folder: Path = sheets.JUDGED) -> str:
    """What the parsers say of the engine's cards that were read: whether they see what a reader sees."""
    paths = (path for path in sorted(folder.glob("*.tsv")) if not path.name.startswith(BASELINE))
    lines = [line for path in paths for line in sheets.read(path)]
    columns = ("read as", "cards", *(f"sentence to {model.rsplit('_', 1)[-1]}" for model in MODELS))
    return markdown(columns, _judged_rows(lines))


def _judged_rows(lines: Iterable[Line]) -> Iterator[list[str]]:
    for verdict in Verdict:
        cards = [line.card for line in lines if line.verdict == verdict]
        shares = []
        for model in MODELS:
            said = judge(model, cards)
            shares.append(sum(said[card] for card in cards) / len(cards) if cards else None)
        yield [verdict, f"{len(cards)}", *(percent(share, 1) for share in shares)]


def _row(name: str, path: Path) -> list[str]:
    if not path.exists():
        return [name, NOT_READ, NOT_READ, NOT_READ, NOT_READ]
    lines = sheets.read(path)
    found = score(lines)
    novels = ", ".join(f"{novel} {percent(one.share, 1)}" for novel, one in by_novel(lines).items() if novel)
    return [name, _cards(found), percent(found.share, 1), percent(found.lower_bound, 1), novels or NOTHING]


def _cards(found: Score) -> str:
    return f"{found.read} ({found.unread} {NOT_READ})" if found.unread else f"{found.read}"
