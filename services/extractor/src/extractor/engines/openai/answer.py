"""From a chat completion to cards, or to the error that says what to do. Pure."""

import re

from pydantic import BaseModel, ValidationError

from extractor.engines import answers
from extractor.engines.failures import error_for, safe_detail
from extractor.engines.openai.dialect import is_too_long
from extractor.engines.port import BadAnswerError, ModelRefusalError
from feuilleton.contracts.documents import CardDraft, Usage
from feuilleton.contracts.errors import PipelineError

_HTTP_CLIENT_ERRORS = range(400, 500)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_BRACKETS = re.compile(r"[{\[].*", re.DOTALL)
_FENCE = "```"
_SHOWN_CHARACTERS = 120  # some servers repeat the request in an error, and with it the book's text
_REFUSAL_CODES = {"length": "max_tokens", "content_filter": "safety"}


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Details(BaseModel):
    reasoning_tokens: int | None = None


class _Counts(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    completion_tokens_details: _Details | None = None


class Completion(BaseModel):
    """What we read of an answer; servers add much, and some leave `usage` out."""

    choices: list[_Choice]
    usage: _Counts | None = None


def parse_completion(body: bytes) -> Completion:
    """Raises BadAnswerError for an answer of 200 that is no completion."""
    try:
        return Completion.model_validate_json(body)
    except ValidationError:
        raise BadAnswerError("an answer of 200 in no known form", usage=Usage(calls=1)) from None


def usage_of(completion: Completion, seconds: float) -> Usage:
    """What one call cost. Missing counts are zero; thinking is counted apart where the server tells it."""
    counts = completion.usage or _Counts()
    thinking = (counts.completion_tokens_details and counts.completion_tokens_details.reasoning_tokens) or 0
    return Usage(
        prompt_tokens=counts.prompt_tokens or 0,
        output_tokens=max(0, (counts.completion_tokens or 0) - thinking),
        thinking_tokens=thinking,
        calls=1,
        seconds=seconds,
    )


def read_cards(completion: Completion, usage: Usage) -> tuple[CardDraft, ...]:
    """The cards in the order of the answer; of one that ran out of room, those before the break.
    Raises ModelRefusalError or BadAnswerError.
    """
    if not completion.choices:
        raise BadAnswerError("no choice", usage=usage)
    choice = completion.choices[0]
    fault = _fault(choice, usage)
    if fault is not None and fault.code != "max_tokens":
        raise fault
    try:
        return answers.read_cards(json_part(choice.message.content or ""), usage)
    except BadAnswerError as exc:
        raise fault or exc from None


def json_part(text: str) -> str:
    """An answer without what models that were not held to JSON say around it: thoughts, greetings, a code fence."""
    found = _BRACKETS.search(_THOUGHT.sub("", text))
    return found[0].partition(_FENCE)[0].strip() if found else ""


def refusal_of(status: int, body: str, *, secret: str, wait_seconds: float | None) -> PipelineError:
    """The error of an HTTP status that is not 200. A text that is too long or that a filter stops is a refusal."""
    detail = safe_detail(f"{status}: {body[:_SHOWN_CHARACTERS]}", secret)
    if is_too_long(body):
        return ModelRefusalError(detail, code="max_tokens", usage=Usage())
    if status in _HTTP_CLIENT_ERRORS and "content_filter" in body:
        return ModelRefusalError(detail, code="safety", usage=Usage())
    return error_for(status, detail, wait_seconds=wait_seconds)


def _fault(choice: _Choice, usage: Usage) -> ModelRefusalError | None:
    if choice.message.refusal:
        return ModelRefusalError("the model refused", code="refused", usage=usage)
    reason = choice.finish_reason
    if reason not in _REFUSAL_CODES:
        return None
    return ModelRefusalError(f"finished with {reason}", code=_REFUSAL_CODES[reason], usage=usage)
