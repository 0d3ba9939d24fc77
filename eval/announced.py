"""The draws that count. They stand here before anyone reads them; what was read then is eval/judged/NAME.tsv."""

from dataclasses import dataclass
from pathlib import Path

from eval.novels import NOVELS, OF_DRAW, Part
from eval.sheets import JUDGED
from feuilleton.contracts.job_settings import Confidence


@dataclass(frozen=True)
class Draw:
    """`count` cards in all, equally many of each novel; `part` of each."""

    name: str
    seed: int
    confidence: Confidence
    part: Part
    novels: tuple[str, ...] = tuple(NOVELS)
    count: int = 400

    @property
    def judged(self) -> Path:
        """Where the sheet is kept once it was read."""
        return JUDGED / f"{self.name}.tsv"


ANNOUNCED = (
    Draw("announced-balanced", 20261122, Confidence.BALANCED, Part(0.6, 1.0)),
    Draw("announced-strict", 20261123, Confidence.STRICT, Part(0.6, 1.0)),
    # Version local-2 failed both. These are for the rules that come after it.
    Draw("announced-balanced-2", 20261124, Confidence.BALANCED, Part(0.6, 1.0)),
    Draw("announced-strict-2", 20261125, Confidence.STRICT, Part(0.6, 1.0)),
    # So did local-3. These are for local-4, and of novels of which nothing taught the rules.
    Draw("announced-balanced-3", 20261126, Confidence.BALANCED, Part(), tuple(OF_DRAW[3])),
    Draw("announced-strict-3", 20261127, Confidence.STRICT, Part(), tuple(OF_DRAW[3])),
    # And local-4. These are for local-5, of ten more novels of which nothing taught the rules.
    Draw("announced-balanced-4", 20261128, Confidence.BALANCED, Part(), tuple(OF_DRAW[4])),
    Draw("announced-strict-4", 20261129, Confidence.STRICT, Part(), tuple(OF_DRAW[4])),
    # And local-5. These are for local-7, of twelve novels of another corpus.
    Draw("announced-balanced-5", 20261130, Confidence.BALANCED, Part(), tuple(OF_DRAW[5]), 408),
    Draw("announced-strict-5", 20261201, Confidence.STRICT, Part(), tuple(OF_DRAW[5]), 408),
    # It failed by four cards and by one. These are for local-8, of all other novels of that corpus.
    Draw("announced-balanced-6", 20261202, Confidence.BALANCED, Part(), tuple(OF_DRAW[6]), 403),
    Draw("announced-strict-6", 20261203, Confidence.STRICT, Part(), tuple(OF_DRAW[6]), 403),
    # The sixth failed by two cards at `balanced`. This is for local-9, of what nobody had read of both.
    Draw("announced-balanced-7", 20261204, Confidence.BALANCED, Part(), (*OF_DRAW[5], *OF_DRAW[6]), 400),
    # It failed by more. This is for the same rules at the confidence at which 96 % of those three draws were right.
    Draw("announced-balanced-8", 20261205, Confidence.BALANCED, Part(), (*OF_DRAW[5], *OF_DRAW[6]), 400),
    # It passed, at half of the coverage asked for. These are for local-12, of novellas of which nobody had read a line.
    Draw("announced-balanced-9", 20261206, Confidence.BALANCED, Part(), tuple(OF_DRAW[9]), 414),
    Draw("announced-strict-9", 20261207, Confidence.STRICT, Part(), tuple(OF_DRAW[9]), 414),
    # They failed by two cards and by one, and `strict` found 305. These are for local-13, of what nobody had read.
    Draw("announced-balanced-10", 20261208, Confidence.BALANCED, Part(), tuple(OF_DRAW[9]), 414),
    Draw("announced-strict-10", 20261209, Confidence.STRICT, Part(), (*OF_DRAW[5], *OF_DRAW[6], *OF_DRAW[9]), 432),
    # It failed. This is for local-14, at the confidence at which 96 % of both draws together were right.
    Draw("announced-balanced-11", 20261210, Confidence.BALANCED, Part(), tuple(OF_DRAW[9]), 414),
)


def other_lists(folder: Path = JUDGED) -> list[Path]:
    """What was read for other ends: before the draws that count, and never of their part."""
    return sorted(path for path in folder.glob("*.tsv") if "announced-" not in path.name)


def read_before(draw: Draw, folder: Path = JUDGED) -> list[Path]:
    """All lists but the draw's own: it takes no source of any of them."""
    return sorted(path for path in folder.glob("*.tsv") if not path.name.endswith(draw.judged.name))
