"""What became of the draws: the tables of cards that were read."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eval import sheets
from eval.announced import ANNOUNCED, Draw, other_lists
from eval.judges import MODELS, judge
from eval.scoring import Score, by_novel, score
from eval.sheets import Line, Verdict
from eval.tables import NOTHING, markdown, percent

NOT_READ = "not yet read"
BASELINE = "baseline-"  # lists of cards of a baseline
AGAIN = "again-"  # lists that were read a second time, without the first verdicts
_MOST_NOVELS = 12  # more say nothing in a table
COLUMNS = ("draw", "cards", "correct", "at least", "by novel")


def announced_table(draws: Sequence[Draw] = ANNOUNCED) -> str:
    """A row for each draw that counts, read or not."""
    return markdown(COLUMNS, [_row(draw.name, draw.judged) for draw in draws])


def others_table(folder: Path = sheets.JUDGED) -> str:
    """A row for each further list: read on the way, while the rules still changed."""
    rows = [_row(path.stem, path) for path in other_lists(folder)]
    return markdown(COLUMNS, rows or [[NOT_READ, *[NOTHING] * 4]])


def judges_table(folder: Path = sheets.JUDGED) -> str:
    """What the parsers say of the engine's cards that were read: whether they see what a reader sees."""
    paths = (path for path in sorted(folder.glob("*.tsv")) if not path.name.startswith((BASELINE, AGAIN)))
    lines = [line for path in paths for line in sheets.read(path)]
    columns = ("read as", "cards", *(f"sentence to {model.rsplit('_', 1)[-1]}" for model in MODELS))
    return markdown(columns, _judged_rows(lines))


def agreement_table(folder: Path = sheets.JUDGED) -> str:
    """What two readings of the same cards have in common."""
    columns = ("list", "read twice", "correct", "correct, second time", "same verdict", "kappa")
    rows = []
    for path in sorted(folder.glob(f"{AGAIN}*.tsv")):
        name = path.name.removeprefix(AGAIN)
        first = {(line.source, line.card): line.verdict for line in sheets.read(folder / name)}
        pairs = [(_is_correct(first[line.source, line.card]), _is_correct(line.verdict)) for line in sheets.read(path)]
        rows.append([Path(name).stem, f"{len(pairs)}", *_agreement(pairs)])
    return markdown(columns, rows)


def _is_correct(verdict: str) -> bool:
    return verdict == Verdict.CORRECT


def _agreement(pairs: Sequence[tuple[bool, bool]]) -> list[str]:
    """Shares, and Cohen's kappa: 0 when readers agree as often as chance would have it, 1 when always."""
    one, two = (sum(pair[at] for pair in pairs) / len(pairs) for at in (0, 1))
    same = sum(a == b for a, b in pairs) / len(pairs)
    chance = one * two + (1 - one) * (1 - two)
    kappa = f"{(same - chance) / (1 - chance):.2f}" if chance < 1 else NOTHING
    return [percent(one, 1), percent(two, 1), percent(same, 1), kappa]


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
    return [name, _cards(found), percent(found.share, 1), percent(found.lower_bound, 1), _by_novel(lines)]


def _by_novel(lines: Sequence[Line]) -> str:
    novels = {novel: figures for novel, figures in by_novel(lines).items() if novel}
    if len(novels) > _MOST_NOVELS:
        return f"{len(novels)} novels"
    return ", ".join(f"{novel} {percent(one.share, 1)}" for novel, one in novels.items()) or NOTHING


def _cards(found: Score) -> str:
    return f"{found.read} ({found.unread} {NOT_READ})" if found.unread else f"{found.read}"
