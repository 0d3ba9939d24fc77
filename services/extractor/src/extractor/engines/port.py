"""The seam between the extractor and whatever turns long source sentences into cards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from feuilleton.contracts.documents import CardDraft, DroppedSentence, SourceSentence, Usage
from feuilleton.contracts.errors import PipelineError, TransientError
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine, JobSettings


class ModelRefusalError(PipelineError):
    """The model will not answer this (SAFETY, RECITATION) or ran out of room (MAX_TOKENS). Ask for less, or
    in other words; the same call again gives the same. `usage` is what the refusal cost.
    """

    code = "refused"

    def __init__(self, detail: str, *, code: str, usage: Usage) -> None:
        super().__init__(detail, code=code)
        self.usage = usage


class BadAnswerError(PipelineError):
    """The model answered, but not in the agreed form. Asking again may help, within the repair budget."""

    code = "bad_answer"

    def __init__(self, detail: str, *, usage: Usage) -> None:
        super().__init__(detail)
        self.usage = usage


class UnreadablePageError(PipelineError):
    """The engine cannot read a page that has no text layer. Final for the chunk."""

    code = "page_needs_ocr"


class OverloadedError(TransientError):
    """The model's server has no room for the call. Back off as from any fault, and ask with fewer calls at a time;
    before `retry_after_seconds` (0 where it does not say) not at all.
    """

    code = "model_unavailable"

    def __init__(self, detail: str = "", *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class RewriteRequest:
    """`sentences` are the whole chunk in book order (in a repair, the wanted ones and a few around them); only those
    in `wanted` need cards, the others are context, as is `before` (the sentence ahead of them, or empty).
    `repair_round` is 0 for the first call and grows with each repair, so that an engine can change its wording;
    `after_refusal` says that the call before was refused, not answered badly; `faults` holds the verdict that spoiled
    the last answer for a sentence, where there was one.
    """

    sentences: tuple[SourceSentence, ...]
    wanted: tuple[SentenceId, ...]
    before: str
    settings: JobSettings
    model: str
    repair_round: int = 0
    after_refusal: bool = False
    faults: Mapping[SentenceId, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RewriteAnswer:
    """Unvalidated cards in book order, and the sentences that the engine gave up (final, with a reason).
    A wanted id that is in neither was missed: the caller asks again within its budget.
    """

    cards: tuple[CardDraft, ...]
    declined: tuple[DroppedSentence, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class PageRequest:
    """`pdf` is a one-page PDF without a usable text layer; `page` its 1-based number in the book."""

    pdf: bytes
    page: int
    model: str


@dataclass(frozen=True)
class PageAnswer:
    """The page's sentences in reading order (text and whether it is dialogue), running heads left out."""

    sentences: tuple[tuple[str, bool], ...]
    usage: Usage = field(default_factory=Usage)


class RewriteEngine(Protocol):
    """Turns source sentences into cards. Implementations hold no state of a job and may be called concurrently.

    `prompt_version` names the rules that made an answer and is kept in the checkpoint. Same request, same
    version: the local engine gives the same answer, a model need not.
    """

    name: Engine
    prompt_version: str

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        """Cards for the wanted sentences. One model call at most, nothing is tried again in here.

        Raises TransientError (back off, try again), of it OverloadedError (and with fewer calls) and
        QuotaExceededError (wait as told, costs no try); ModelRefusalError, BadAnswerError. Cancelling the task aborts
        the call.
        """
        ...

    async def read_page(self, request: PageRequest) -> PageAnswer:
        """The text of a page image. Raises as `rewrite`, and UnreadablePageError."""
        ...

    def other_model(self, model: str) -> str | None:
        """The model to ask for what `model` refuses, or None."""
        ...

    async def close(self) -> None: ...
