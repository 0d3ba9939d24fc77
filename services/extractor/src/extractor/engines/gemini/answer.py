"""From the model's response to cards, or to the error that says what to do. Pure."""

from typing import TypeVar

from google.genai import types
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from extractor.engines.port import BadAnswerError, ModelRefusalError
from feuilleton.contracts.documents import CardDraft, CardMethod, Usage
from feuilleton.contracts.ids import SentenceId

# Reasons that end an answer other than by its content; all others that are not STOP count as `refused`.
_REFUSAL_CODES = {
    types.FinishReason.MAX_TOKENS: "max_tokens",
    types.FinishReason.SAFETY: "safety",
    types.FinishReason.PROHIBITED_CONTENT: "safety",
    types.FinishReason.BLOCKLIST: "safety",
    types.FinishReason.SPII: "safety",
    types.FinishReason.RECITATION: "recitation",
}
# Not what was asked but how it came out: asking again may do.
_MALFORMED = (
    types.FinishReason.MALFORMED_RESPONSE,
    types.FinishReason.MALFORMED_FUNCTION_CALL,
    types.FinishReason.UNEXPECTED_TOOL_CALL,
)


class _Rewritten(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    id: str
    cartes: list[str]


class _Read(BaseModel):
    texte: str
    dialogue: bool = False


T = TypeVar("T")
_REWRITTEN = TypeAdapter(list[_Rewritten])
_READ = TypeAdapter(list[_Read])


def usage_of(response: types.GenerateContentResponse, seconds: float) -> Usage:
    """What one call cost. Missing counts are zero."""
    counts = response.usage_metadata or types.GenerateContentResponseUsageMetadata()
    return Usage(
        prompt_tokens=counts.prompt_token_count or 0,
        output_tokens=counts.candidates_token_count or 0,
        thinking_tokens=counts.thoughts_token_count or 0,
        calls=1,
        seconds=seconds,
    )


def read_cards(response: types.GenerateContentResponse, usage: Usage) -> tuple[CardDraft, ...]:
    """The cards in the order of the answer. Raises ModelRefusalError or BadAnswerError."""
    answer = _parse(_REWRITTEN, _text(response, usage), usage)
    return tuple(
        CardDraft(source_id=SentenceId(item.id), text=text, method=CardMethod.REWRITTEN)
        for item in answer
        for text in item.cartes
    )


def read_sentences(response: types.GenerateContentResponse, usage: Usage) -> tuple[tuple[str, bool], ...]:
    """The page's sentences. Raises as `read_cards`."""
    answer = _parse(_READ, _text(response, usage), usage)
    return tuple((item.texte, item.dialogue) for item in answer)


def _parse(shape: TypeAdapter[T], text: str, usage: Usage) -> T:
    try:
        return shape.validate_json(text)
    except ValidationError as exc:
        kind = exc.errors()[0]["type"]
        raise BadAnswerError(f"not the agreed JSON: {kind}", usage=usage) from None  # it quotes book text


def _text(response: types.GenerateContentResponse, usage: Usage) -> str:
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise ModelRefusalError(f"prompt blocked: {feedback.block_reason.value}", code="safety", usage=usage)
    if not response.candidates:
        raise BadAnswerError("no candidate", usage=usage)
    candidate = response.candidates[0]
    _check_finish(candidate.finish_reason, usage)
    parts = (candidate.content and candidate.content.parts) or []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _check_finish(reason: types.FinishReason | None, usage: Usage) -> None:
    if reason is None or reason is types.FinishReason.STOP:
        return
    if reason in _MALFORMED:
        raise BadAnswerError(f"finished with {reason.value}", usage=usage)
    raise ModelRefusalError(f"finished with {reason.value}", code=_REFUSAL_CODES.get(reason, "refused"), usage=usage)
