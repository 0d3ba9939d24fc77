"""What work costs in credits: of tokens that were billed, and of a book before a model has seen it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.models import ModelTerms, terms_of

_PER_RATE = 1000  # rates are per so many tokens
_WORDS_A_CALL = 800  # chunks end at whole sentences and chapters, so they hold less than the 1,000 aimed at
_TOKENS_A_CALL = 1_800  # the instruction and the schema, sent anew with each call
_TOKENS_A_WORD = 4  # read, told again in short sentences, and named by the id of its sentence
_TOKENS_A_SCAN = 3_800  # an image read by the model, then about 300 words of it rewritten
WORDS_A_PAGE = 280  # of a printed novel


def credits_of(tokens: int, rate: float) -> int:
    """Whole credits for `tokens` at `rate` credits a thousand: 0 for no tokens or a rate of 0, else 1 at least."""
    if tokens <= 0 or rate <= 0:
        return 0
    # By fractions: as floats, 3,000 tokens at a rate of 0.1 would come to more than 0.3.
    return max(1, ceil(Fraction(str(rate)) * tokens / _PER_RATE))


@dataclass(frozen=True)
class BookSize:
    """What a book holds on the pages asked for. `scans` are those that are images without text."""

    words: int
    scans: int = 0


def estimate_tokens(size: BookSize) -> int:
    """Tokens that the first calls on a book of this size take; rather too many, as they bound what it may cost."""
    calls = ceil(size.words / _WORDS_A_CALL)
    return size.words * _TOKENS_A_WORD + calls * _TOKENS_A_CALL + size.scans * _TOKENS_A_SCAN


@dataclass(frozen=True)
class Tariff:
    """The rates of this deployment. `changes` are its own rows of the table of models."""

    changes: Mapping[str, ModelTerms] = field(default_factory=dict)

    def rate(self, engine: Engine, model: str) -> float:
        """Credits a thousand tokens. What does not run at Google's costs nothing unless a row of one's own says so,
        whatever its model is called.
        """
        if engine is Engine.GEMINI:
            return terms_of(model, self.changes).credits_per_1000
        return self.changes[model].credits_per_1000 if model in self.changes else 0.0
