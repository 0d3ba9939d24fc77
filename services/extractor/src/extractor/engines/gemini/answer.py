"""From Gemini's response to cards, or to the error that says what to do. Pure."""

from google.genai import types
from pydantic import BaseModel, TypeAdapter, ValidationError

from extractor.engines import answers
from extractor.engines.port import BadAnswerError, ModelRefusalError
from feuilleton.contracts.documents import CardDraft, Usage
from feuilleton.contracts.errors import PipelineError

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


class _Read(BaseModel):
    texte: str
    dialogue: bool = False


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
    """The cards in the order of the answer; of one that ran out of room (MAX_TOKENS), those before the break.
    Raises ModelRefusalError or BadAnswerError.
    """
    candidate = _candidate(response, usage)
    fault = _fault(candidate.finish_reason, usage)
    if fault is not None and fault.code != "max_tokens":
        raise fault
    try:
        return answers.read_cards(_text(candidate), usage)
    except BadAnswerError as exc:
        raise fault or exc from None


def read_sentences(response: types.GenerateContentResponse, usage: Usage) -> tuple[tuple[str, bool], ...]:
    """The page's sentences. Raises as `read_cards`."""
    candidate = _candidate(response, usage)
    if (fault := _fault(candidate.finish_reason, usage)) is not None:
        raise fault
    try:
        read = _READ.validate_json(_text(candidate))
    except ValidationError as exc:
        kind = exc.errors()[0]["type"]
        raise BadAnswerError(f"not the agreed JSON: {kind}", usage=usage) from None  # it quotes book text
    return tuple((item.texte, item.dialogue) for item in read)


def _candidate(response: types.GenerateContentResponse, usage: Usage) -> types.Candidate:
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise ModelRefusalError(f"prompt blocked: {feedback.block_reason.value}", code="safety", usage=usage)
    if not response.candidates:
        raise BadAnswerError("no candidate", usage=usage)
    return response.candidates[0]


def _text(candidate: types.Candidate) -> str:
    parts = (candidate.content and candidate.content.parts) or []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _fault(reason: types.FinishReason | None, usage: Usage) -> PipelineError | None:
    if reason is None or reason is types.FinishReason.STOP:
        return None
    if reason in _MALFORMED:
        return BadAnswerError(f"finished with {reason.value}", usage=usage)
    return ModelRefusalError(f"finished with {reason.value}", code=_REFUSAL_CODES.get(reason, "refused"), usage=usage)
