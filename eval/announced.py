"""The draws that count. They stand here before anyone reads them; what was read then is eval/judged/NAME.tsv."""

from dataclasses import dataclass
from pathlib import Path

from eval.novels import NOVELS, Part
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
)


def other_lists(folder: Path = JUDGED) -> list[Path]:
    """What was read for other ends: no draw that counts takes a source of these."""
    counted = {draw.judged.name for draw in ANNOUNCED}
    return sorted(path for path in folder.glob("*.tsv") if path.name not in counted)
