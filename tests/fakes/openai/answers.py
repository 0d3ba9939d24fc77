"""Requests and answers of `/v1/chat/completions`, as vLLM, Ollama and llama.cpp give them. Pure."""

import json

from tests.fakes.models.plan import Fault, Plan
from tests.fakes.models.speech import (
    CHARACTERS_PER_TOKEN,
    THINKING_TOKENS,
    Ask,
    Finish,
    JsonObject,
    Reply,
    Speech,
    task_of,
)

_FINISH = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.SAFETY: "content_filter",
    Finish.RECITATION: "content_filter",
}
_ERRORS: dict[Fault, tuple[int, str, str]] = {
    Fault.QUOTA: (429, "rate_limit_exceeded", "Rate limit reached."),
    Fault.QUOTA_HEADER: (429, "rate_limit_exceeded", "Too many requests."),
    Fault.SERVER_ERROR: (500, "server_error", "The server had an error."),
    Fault.UNAVAILABLE: (503, "unavailable_error", "Loading model"),
    Fault.BAD_KEY: (401, "invalid_api_key", "Incorrect API key provided: {key}"),
    Fault.FORBIDDEN: (403, "forbidden", "The key {key} may not do this."),
    Fault.NO_MODEL: (404, "model_not_found", "The model `none` does not exist."),
    Fault.BAD_REQUEST: (400, "invalid_request_error", "We could not parse the JSON body of your request."),
    Fault.BLOCKED_PROMPT: (400, "content_filter", "The response was filtered."),
}


class OpenAIDialect:
    path = "/v1/chat/completions"

    def read_request(self, body: bytes, path: str) -> Ask:
        del path
        request = json.loads(body)
        texts = [message["content"] for message in request["messages"]]
        form = request.get("response_format", {"type": "text"})["type"]
        remarks = tuple(texts[1:-1])
        return task_of(texts, model=request["model"], form=form, remarks=remarks, room=_room(request))

    def key_of(self, headers: dict[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def say(self, ask: Ask, speech: Speech) -> Reply:
        """A model that was not told of JSON wraps it in talk, as they do."""
        text = speech.text
        if ask.form == "text" and text:
            text = f"<think>Comptons : {{un}}.</think>\nVoici :\n```json\n{text}\n```"
        message: JsonObject = {"role": "assistant", "content": text or None}
        output = len(text) // CHARACTERS_PER_TOKEN
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": ask.model,
            "choices": [{"index": 0, "message": message, "finish_reason": _FINISH[speech.finish], "logprobs": None}],
            "usage": {
                "prompt_tokens": ask.prompt_tokens,
                "completion_tokens": output + THINKING_TOKENS,
                "total_tokens": ask.prompt_tokens + output + THINKING_TOKENS,
                "completion_tokens_details": {"reasoning_tokens": THINKING_TOKENS},
            },
        }
        return Reply(200, json.dumps(body, ensure_ascii=False), output_tokens=output, thinking_tokens=THINKING_TOKENS)

    def refuse(self, fault: Fault, ask: Ask, plan: Plan, api_key: str) -> Reply | None:
        del ask
        if fault is Fault.HTML:
            return Reply(200, "<html>a proxy's page</html>", {"content-type": "text/html"})
        if fault not in _ERRORS:
            return None
        status, code, message = _ERRORS[fault]
        headers: dict[str, str] = {}
        if fault in (Fault.QUOTA, Fault.QUOTA_HEADER):
            headers["retry-after"] = str(round(plan.retry_after_seconds))
        return error(status, code, message.replace("{key}", api_key), headers)


def _room(request: JsonObject) -> int:
    return int(request.get("max_completion_tokens") or request.get("max_tokens") or 0)


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Reply:
    body = {"error": {"message": message, "type": code, "param": None, "code": code}}
    return Reply(status, json.dumps(body), headers or {})
