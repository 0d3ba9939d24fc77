"""What one server takes of the OpenAI protocol, found out by what it refuses. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from extractor.engines import answers, prompting
from extractor.engines.port import RewriteRequest

PROMPT_VERSION = f"openai-{prompting.RULES_VERSION}.0"
# Said of a text that is too long, by OpenAI, vLLM, llama.cpp, llama-cpp-python and Ollama.
_TOO_LONG = ("context length", "context_length", "context size", "context window", "exceed_context", "too many tokens")
_REFUSALS_OF_FORM = frozenset({400, 415, 422, 501})
_WORDS_OF_FORM = ("response_format", "json_schema", "json_object", "grammar", "structured", "guided")


class Form(StrEnum):
    """How strictly an answer is asked for; each server takes some. In the order of trying."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"


_NEXT = {Form.SCHEMA: Form.OBJECT, Form.OBJECT: Form.TEXT}


@dataclass(frozen=True)
class Dialect:
    """`limit_field` bounds the answer; newer models of OpenAI itself take neither the old name nor a temperature."""

    form: Form = Form.SCHEMA
    limit_field: str = "max_tokens"
    has_temperature: bool = True

    def body(self, request: RewriteRequest) -> dict[str, Any]:
        """The request of one call, as JSON."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [
                {"role": "system", "content": prompting.INSTRUCTION},
                *({"role": "user", "content": text} for text in prompting.user_texts(request)),
            ],
            self.limit_field: prompting.output_room(request),
            "stream": False,
        }
        if self.has_temperature:
            body["temperature"] = prompting.temperature_for(request)
        if self.form is Form.SCHEMA:
            schema = {"name": "cartes", "strict": True, "schema": answers.JSON_SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.form is Form.OBJECT:
            body["response_format"] = {"type": "json_object"}
        return body

    def simpler(self, status: int, message: str) -> "Dialect | None":
        """What to try after this refusal, or None where the form cannot be its cause. Some servers say 500 for it."""
        text = message.lower()
        if is_too_long(text) or (status not in _REFUSALS_OF_FORM and not any(word in text for word in _WORDS_OF_FORM)):
            return None
        if "max_completion_tokens" in text and self.limit_field == "max_tokens":
            return replace(self, limit_field="max_completion_tokens")
        if "temperature" in text and self.has_temperature:
            return replace(self, has_temperature=False)
        return replace(self, form=_NEXT[self.form]) if self.form in _NEXT else None


def is_too_long(message: str) -> bool:
    """Whether a server refuses because prompt and answer together pass what the model can hold."""
    return any(words in message.lower() for words in _TOO_LONG)
