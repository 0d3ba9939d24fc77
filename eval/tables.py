"""The tables of docs/quality.md. Pure: figures in, Markdown out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.cards import BASELINES, BOOK, ENGINES, Made
from eval.judges import MODELS
from feuilleton.contracts.quality import quality_of

NOTHING = "–"
MARGIN = 0.10  # a figure tells when the engine is better than each baseline by this much

Share = Callable[[Made], float | None]


@dataclass(frozen=True)
class Figure:
    """One column. `share` is from 0 to 1; `good` says which end is the good one."""

    name: str
    share: Share
    good: int = 1
    digits: int = 1


@dataclass(frozen=True)
class NovelFigures:
    """All of one novel: `words_right` (typeset, read back) and `ends_f1` from 0 to 1, and its cards by maker."""

    novel: str
    words_right: float
    ends_f1: float
    made: Mapping[str, Made]


def _fault(count: Callable[[Made], int]) -> Share:
    def share(made: Made) -> float | None:
        cards = made.counts.made.cards
        return count(made) / cards if cards else None

    return share


def _judge(model: str) -> Share:
    def share(made: Made) -> float | None:
        judged = made.judged[model]
        return judged.passed / judged.asked if judged.asked else None

    return share


FIGURES = (
    Figure("within limit", lambda made: quality_of(made.counts).shares.within_limit),
    Figure("long sentences with a card", lambda made: quality_of(made.counts).shares.long_sources_with_card),
    Figure("vocabulary kept", lambda made: quality_of(made.counts).shares.vocabulary_kept),
    Figure("invented", _fault(lambda made: made.counts.made.invented), good=0, digits=2),
    Figure("typography", _fault(lambda made: made.counts.made.typography), good=0, digits=2),
    Figure("dangling", _fault(lambda made: made.counts.made.dangling), good=0, digits=2),
    Figure("no verb", _fault(lambda made: made.counts.made.without_verb), good=0, digits=2),
    Figure("no subject", _fault(lambda made: made.counts.made.without_subject), good=0, digits=2),
    *(Figure(f"sentence to {model.rsplit('_', 1)[-1]}", _judge(model)) for model in MODELS),
)
COLUMNS = ("novel", "words right", "ends F1", "cards by", "cards", "words a card", *(one.name for one in FIGURES))


def quality_table(novels: Sequence[NovelFigures]) -> str:
    """Per novel one row for each maker of cards; what is the book's alone stands in its first row."""
    rows = [row for novel in novels for row in _novel_rows(novel)]
    return markdown(COLUMNS, rows)


def _novel_rows(novel: NovelFigures) -> Iterator[list[str]]:
    head = [novel.novel, percent(novel.words_right, 3), percent(novel.ends_f1, 2)]
    for maker, made in novel.made.items():
        yield [*head, maker, *_card_cells(maker, made)]
        head = ["", "", ""]


def _card_cells(maker: str, made: Made) -> list[str]:
    """Of the book itself only the judges' view says anything."""
    cards = made.counts.book if maker == BOOK else made.counts.made
    sizes = [f"{cards.cards:,}", f"{cards.words / cards.cards:.1f}" if cards.cards else NOTHING]
    shown = FIGURES[-len(MODELS) :] if maker == BOOK else FIGURES
    shares = [percent(figure.share(made), figure.digits) if figure in shown else NOTHING for figure in FIGURES]
    return sizes + shares


def telling_table(made: Mapping[str, Made]) -> str:
    """Which figures see a difference between the engine at its default and cards that nobody should read."""
    engine = next(iter(ENGINES))
    makers = (engine, *BASELINES)
    rows = []
    for figure in FIGURES:
        shares = [figure.share(made[maker]) for maker in makers]
        rows.append([figure.name, *(percent(share, figure.digits) for share in shares), verdict(figure.good, shares)])
    return markdown(("figure", *makers, "tells them apart"), rows)


def verdict(good: int, shares: Sequence[float | None]) -> str:
    """`shares`: the engine's, then those of the baselines."""
    known = [share if good else 1 - share for share in shares if share is not None]
    if len(known) < len(shares):
        return "not known"
    apart = [known[0] - other >= MARGIN for other in known[1:]]
    return "yes" if all(apart) else "only one" if any(apart) else "no: useless for this"


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float | None, digits: int) -> str:
    return NOTHING if share is None else f"{100 * share:.{digits}f} %"
