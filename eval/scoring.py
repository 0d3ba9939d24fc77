"""How many of the cards that were read are correct, and how sure that is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, lgamma, log

from eval.sheets import Line, Verdict

_SURENESS = 0.975  # one side of a two-sided 95 % interval


@dataclass(frozen=True)
class Score:
    """Of `read` cards `correct` are; doubtful ones count as wrong. `unread` have no verdict and count nowhere."""

    read: int
    correct: int
    unread: int

    @property
    def share(self) -> float:
        """0 to 1; 0 when nothing was read."""
        return self.correct / self.read if self.read else 0.0

    @property
    def lower_bound(self) -> float:
        return lower_bound(self.correct, self.read)


def score(lines: Iterable[Line]) -> Score:
    counts = Counter(line.verdict for line in lines)
    unread = counts.pop("", 0)
    return Score(sum(counts.values()), counts[Verdict.CORRECT], unread)


def by_novel(lines: Sequence[Line]) -> dict[str, Score]:
    novels = sorted({line.novel for line in lines})
    return {novel: score(line for line in lines if line.novel == novel) for novel in novels}


def reasons(lines: Iterable[Line]) -> list[tuple[str, int]]:
    """Why cards were not correct, the most frequent first."""
    counts = Counter(line.reason or "none given" for line in lines if line.verdict not in {"", Verdict.CORRECT})
    return counts.most_common()


def lower_bound(correct: int, read: int) -> float:
    """The lower end of the two-sided 95 % Clopper-Pearson interval: the share of which `correct` or more out of
    `read` would come in only 2.5 % of such draws. Exact, and on the careful side.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _chance_of_at_least(correct, read, middle) < 1 - _SURENESS:
            low = middle
        else:
            high = middle
    return low


def _chance_of_at_least(correct: int, read: int, share: float) -> float:
    """By logarithms: the number of ways to choose some of thousands is no float."""
    ways = (lgamma(read + 1) - lgamma(wrong + 1) - lgamma(read - wrong + 1) for wrong in range(read - correct + 1))
    logs = (way + wrong * log(1 - share) + (read - wrong) * log(share) for wrong, way in enumerate(ways))
    return fsum(exp(each) for each in logs)
