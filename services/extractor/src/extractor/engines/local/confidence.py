"""How sure a card is: a logistic model over `features`, learned from cards that a reader judged.

Its weights are `confidence.tsv`, made by `bench/train_confidence.py` from `eval/judged`.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from extractor.engines.local.features import OBJECTION, Features
from feuilleton.contracts.job_settings import Confidence

_BIAS = "bias"
_THRESHOLD = "threshold:"
_DECIMALS = 4
# More against a card than this was not judged often enough to be weighed.
MOST_OBJECTIONS = 2
# At `strict` both parses must agree, the card must end where the author ended or began another clause, and no
# rule may object to it, and nothing in it may be edited, quoted, trail off or stand for what was said before.
_STRICT_ENDS = frozenset({"end_stop", "end_clause", "end_coordinated", "end_question"})
_NEVER_STRICT = frozenset(
    {
        "single_parse",
        "subject_repeated",
        "lead_dropped",
        "insertion_removed",
        "adverb_removed",
        "incise_removed",
        "trails_off",
        "pronoun_object",
        "quoted",
        "refers_back",
        "few_words",
        "doubted",
    }
)


@dataclass(frozen=True)
class ConfidenceModel:
    """`weights` by feature name; `thresholds`: the confidence that a card needs at each setting."""

    bias: float
    weights: Mapping[str, float]
    thresholds: Mapping[Confidence, float]

    def of(self, features: Features) -> float:
        """The chance, 0 to 1, that a reader finds the card correct and faithful."""
        total = self.bias + math.fsum(self.weights.get(name, 0.0) * value for name, value in features.items())
        return round(1 / (1 + math.exp(-total)), _DECIMALS)

    def permits(self, objections: Collection[str]) -> bool:
        """Whether all of these objections are weighed by judged cards. One that is not forbids the card."""
        return len(objections) <= MOST_OBJECTIONS and all(OBJECTION + name in self.weights for name in objections)

    def passes(self, confidence: float, flags: Collection[str], setting: Confidence) -> bool:
        """Whether a card is given at this setting."""
        if confidence < self.thresholds[setting]:
            return False
        return setting is not Confidence.STRICT or is_strict(flags)


def is_strict(flags: Collection[str]) -> bool:
    """Whether a card is of the kinds that `strict` gives, whatever its confidence."""
    return _NEVER_STRICT.isdisjoint(flags) and not _STRICT_ENDS.isdisjoint(flags)


def read_model(lines: Iterable[str]) -> ConfidenceModel:
    """Lines are name and weight, tab-separated; `bias` and `threshold:SETTING` are names too."""
    rows = (line.rstrip("\n").split("\t") for line in lines if line.strip())
    numbers = {name: float(weight) for name, weight in rows}
    thresholds = {setting: numbers.pop(_THRESHOLD + setting.value) for setting in Confidence}
    return ConfidenceModel(numbers.pop(_BIAS), numbers, thresholds)


@cache
def trained_model() -> ConfidenceModel:
    """The model that comes with the package."""
    text = (files("extractor.engines.local") / "confidence.tsv").read_text(encoding="utf-8")
    return read_model(text.splitlines())


def confidence_of(features: Features) -> float:
    return trained_model().of(features)


def permits_by_weights(objections: Collection[str]) -> bool:
    return trained_model().permits(objections)
