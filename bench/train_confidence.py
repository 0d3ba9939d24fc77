"""Learn the weights of the local engine's confidence from judged cards.

    python bench/train_confidence.py $(ls eval/judged/{train,announced}-*.tsv | grep -v -- -9) \
        > .../engines/local/confidence.tsv

Each line of a judged list is source, card, verdict (ok, doubtful, wrong), reason; or, as independent readers give it,
id, novel, sentence before, source, card, verdict (correct, doubtful, wrong), reason. Doubtful counts as wrong. Lists
of independent readers weigh more, and thresholds come from those of them that were drawn evenly: who makes rules judges
his own cards mildly. The engine cuts each source again, so that features are those of the rules as they are now; a card
that the rules no longer make is left out. Cross-validated by source: a threshold is the lowest at which the cards above
it, scored by models that have not seen their source, are right often enough. An objection forbids a card where most of
the cards that have it were wrong. Figures go to stderr.
"""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.engines.local import worker
from extractor.engines.local.cards import Choice, Lengths
from extractor.engines.local.confidence import MOST_OBJECTIONS, is_strict
from extractor.engines.local.features import OBJECTION, Features

FOLDS = 10
LEAST_CARDS = 6  # a feature seen on fewer cards teaches nothing
PENALTY = 16.0
STEPS = 60
GOALS = {"balanced": 0.983, "strict": 0.998}  # above the gates: an unread draw comes out lower
INDEPENDENT = ("announced-", "train-31", "train-4", "train-5", "train-6")
TYPICAL = (
    "train-51",
    "train-52",
    "train-53",
    "train-54",
    "train-55",
    "train-57",
    "train-58",
    "train-59",
    "train-60",
)  # the surest card of each sentence, drawn evenly from novels that nobody had read
LEAST_OBJECTIONS = 10  # an objection against fewer judged cards has no weight, and so forbids
MOSTLY_WRONG = 0.5
WEIGHTS = {"typical": 3.0, "independent": 2.0, "own": 0.7}  # of a card, by who judged it and how it was drawn
LENGTHS = Lengths(2, 8)
CHUNK = 500  # sources that one process cuts at a time
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    source: str
    card: str
    ok: bool
    reason: str
    features: Features
    flags: tuple[str, ...]
    independent: bool
    typical: bool


@dataclass(frozen=True)
class Row:
    """One line of a judged list."""

    source: str
    card: str
    ok: bool
    reason: str
    independent: bool
    typical: bool


def read(paths: Iterable[Path]) -> list[Row]:
    return [
        _row(line.split("\t"), path.stem)
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
        if line
    ]


def _row(fields: Sequence[str], name: str) -> Row:
    source, card, verdict, reason = fields[-4:]
    right = verdict in {"ok", "correct"}
    return Row(source, card, right, reason, independent=name.startswith(INDEPENDENT), typical=name in TYPICAL)


def choices_by_card(sources: Iterable[str]) -> dict[tuple[str, str], Choice]:
    """Of every card that the rules make of these sources; of two with one text, the one both parses agree on."""
    unique = list(dict.fromkeys(sources))
    found: dict[tuple[str, str], Choice] = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for some in pool.map(_choices_of, [unique[at : at + CHUNK] for at in range(0, len(unique), CHUNK)]):
            found.update(some)
    return found


def _choices_of(sources: list[str]) -> dict[tuple[str, str], Choice]:
    known = worker.load_all()
    models = replace(known, french=replace(known.french, permits=lambda names: len(names) <= MOST_OBJECTIONS))
    pieces = worker.pieces_of(sources, models.french.forms)
    parses = worker.parse_pieces(pieces, models)
    forms = models.french.forms
    more = [v for piece, parsed in zip(pieces, parses, strict=True) for v in worker.variants(piece, parsed, forms)]
    tried = [*zip(pieces, parses, strict=True), *zip(more, worker.parse_pieces(more, models), strict=True)]
    shorter = [short for piece, parsed in tried for short in worker.shorter(piece, parsed, forms, LENGTHS)]
    found: dict[tuple[str, str], Choice] = {}
    for piece, parsed in [*tried, *zip(shorter, worker.parse_pieces(shorter, models), strict=True)]:
        for choice in worker.choices_of(piece, parsed, models.french, LENGTHS):
            key = piece.text, choice.card.text
            if key not in found or _is_surer(choice.features, found[key].features):
                found[key] = choice
    return found


def _is_surer(one: Features, other: Features) -> bool:
    """Less against it; then the reading of the whole segment before that of a piece, and of a piece before that of a
    pruning; then the agreed one.
    """
    return _sureness(one) > _sureness(other)


def _sureness(features: Features) -> tuple[float, bool, bool, bool]:
    against = sum(value for name, value in features.items() if name.startswith(OBJECTION))
    return -against, not features.get("pruned"), not features.get("piece"), bool(features.get("agreed"))


def join(rows: Sequence[Row]) -> list[Judged]:
    """The cards still made; of two verdicts on one, the independent one counts, else the last."""
    choices = choices_by_card(row.source for row in rows)
    unique = {(row.source, row.card): row for row in sorted(rows, key=lambda row: row.independent)}
    return [
        Judged(
            row.source, row.card, row.ok, row.reason, choice.features, choice.card.flags, row.independent, row.typical
        )
        for key, row in unique.items()
        if (choice := choices.get(key)) is not None
    ]


def without_forbidden(cards: Sequence[Judged]) -> list[Judged]:
    """The cards against which nothing speaks that mostly spoke against wrong ones."""
    counts: defaultdict[str, list[bool]] = defaultdict(list)
    for card in cards:
        for name in card.features:
            if card.independent and name.startswith(OBJECTION):
                counts[name].append(card.ok)
    forbidding = {name for name, found in counts.items() if np.mean(found) < MOSTLY_WRONG}
    return [card for card in cards if forbidding.isdisjoint(card.features)]


def names_of(cards: Sequence[Judged]) -> list[str]:
    counts = Counter(name for card in cards for name, value in card.features.items() if value)
    return sorted(name for name, count in counts.items() if count >= _least(name))


def _least(name: str) -> int:
    return LEAST_OBJECTIONS if name.startswith(OBJECTION) else LEAST_CARDS


def matrix(cards: Sequence[Judged], names: Sequence[str]) -> Vector:
    columns = {name: at for at, name in enumerate(names)}
    table = np.zeros((len(cards), len(names) + 1))
    table[:, -1] = 1.0
    for row, card in enumerate(cards):
        for name, value in card.features.items():
            if name in columns:
                table[row, columns[name]] = value
    return table


def fit(table: Vector, right: Vector, counts: Vector) -> Vector:
    """`counts`: how much each card weighs. Newton's method on the log loss with an L2 penalty; the bias goes free."""
    penalty = np.full(table.shape[1], PENALTY)
    penalty[-1] = 1e-3
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (counts * (chance - right)) + penalty * weights
        curve = (table.T * (counts * chance * (1 - chance))) @ table + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights


def counts_of(cards: Sequence[Judged]) -> Vector:
    kinds = ("typical" if card.typical else "independent" if card.independent else "own" for card in cards)
    return np.array([WEIGHTS[kind] for kind in kinds])


def cross_validated(cards: Sequence[Judged], names: Sequence[str]) -> Vector:
    """The chance of each card by a model that has not seen its source."""
    sources = sorted({card.source for card in cards})
    random.Random(7).shuffle(sources)
    fold = {source: at % FOLDS for at, source in enumerate(sources)}
    folds = np.array([fold[card.source] for card in cards])
    table, right = matrix(cards, names), np.array([float(card.ok) for card in cards])
    chances, counts = np.zeros(len(cards)), counts_of(cards)
    for at in range(FOLDS):
        weights = fit(table[folds != at], right[folds != at], counts[folds != at])
        chances[folds == at] = 1 / (1 + np.exp(-table[folds == at] @ weights))
    return chances


def threshold(chances: Vector, right: Vector, goal: float) -> tuple[float, int, float]:
    """The lowest chance above which the share right is `goal`; how many cards that keeps and their share."""
    order = np.argsort(-chances)
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    kept = max((at + 1 for at in range(len(order)) if shares[at] >= goal), default=1)
    return float(chances[order[kept - 1]]), kept, float(shares[kept - 1])


def main(paths: list[Path]) -> None:
    rows = read(paths)
    cards = without_forbidden(join(rows))
    names = names_of(cards)
    right = np.array([float(card.ok) for card in cards])
    chances = cross_validated(cards, names)
    print(f"{len(rows)} judged, {len(cards)} still made, {right.mean():.3f} right", file=sys.stderr)
    weights = fit(matrix(cards, names), right, counts_of(cards))
    print("bias", f"{weights[-1]:.3f}", sep="\t")
    typical = np.array([card.typical for card in cards])
    strict = np.array([is_strict(card.flags) for card in cards])
    for setting, goal in GOALS.items():
        of_kind = typical & (strict if setting == "strict" else np.ones(len(cards), dtype=bool))
        least, kept, share = threshold(chances[of_kind], right[of_kind], goal)
        print(f"{setting}: {least:.3f} keeps {kept} of {int(of_kind.sum())}, {share:.4f} right", file=sys.stderr)
        print(f"threshold:{setting}", f"{least:.3f}", sep="\t")
    for name, weight in zip(names, weights[:-1], strict=True):
        print(name, f"{weight:.3f}", sep="\t")
    explain(cards, chances)


def explain(cards: Sequence[Judged], chances: Vector) -> None:
    """Where the model stands: shares by its own chance, and the wrong cards it likes best."""
    bins: defaultdict[int, list[bool]] = defaultdict(list)
    for card, chance in zip(cards, chances, strict=True):
        bins[min(int(chance * 20), 19)].append(card.ok)
    for at in sorted(bins):
        print(f"  {at / 20:.2f}: {len(bins[at])} cards, {np.mean(bins[at]):.3f} right", file=sys.stderr)
    worst = sorted((c for c in zip(chances, cards, strict=True) if not c[1].ok), key=lambda c: -float(c[0]))
    for chance, card in worst[:30]:
        print(f"  {chance:.3f} {card.reason}: {card.card} << {card.source[:160]}", file=sys.stderr)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
