"""Requests and answers of `generateContent`, as plain JSON. Pure."""

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
    Finish.STOP: "STOP",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.SAFETY: "SAFETY",
    Finish.RECITATION: "RECITATION",
}
_ERRORS: dict[Fault, tuple[int, str, str]] = {
    Fault.QUOTA: (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    Fault.QUOTA_HEADER: (429, "RESOURCE_EXHAUSTED", "Too many requests."),
    Fault.SERVER_ERROR: (500, "INTERNAL", "An internal error has occurred."),
    Fault.UNAVAILABLE: (503, "UNAVAILABLE", "The model is overloaded."),
    Fault.BAD_KEY: (400, "INVALID_ARGUMENT", "API key not valid: {key}"),
    Fault.FORBIDDEN: (403, "PERMISSION_DENIED", "Consumer {key} has been suspended."),
    Fault.NO_MODEL: (404, "NOT_FOUND", "models/none is not found."),
    Fault.BAD_REQUEST: (400, "INVALID_ARGUMENT", "Invalid JSON payload received."),
}


class GeminiDialect:
    path = "/{version}/models/{call:path}"

    def read_request(self, body: bytes, path: str) -> Ask:
        request = json.loads(body)
        parts = request["contents"][-1]["parts"]
        texts = [part["text"] for part in parts if "text" in part]
        instruction = [part["text"] for part in request.get("systemInstruction", {}).get("parts", [])]
        model = path.rpartition("/")[2].partition(":")[0]
        if any("inlineData" in part for part in parts):
            tokens = sum(map(len, (*texts, *instruction))) // CHARACTERS_PER_TOKEN
            return Ask({}, page=True, prompt_tokens=tokens + 258, model=model)
        return task_of([*instruction, *texts], model=model, remarks=tuple(texts[:-1]))

    def key_of(self, headers: dict[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def say(self, ask: Ask, speech: Speech) -> Reply:
        candidate: JsonObject = {"finishReason": _FINISH[speech.finish], "index": 0}
        if speech.text:
            candidate["content"] = {"role": "model", "parts": [{"text": speech.text}]}
        return _reply(ask, {"candidates": [candidate]}, len(speech.text) // CHARACTERS_PER_TOKEN, THINKING_TOKENS)

    def refuse(self, fault: Fault, ask: Ask, plan: Plan, api_key: str) -> Reply | None:
        if fault is Fault.HTML:
            return Reply(200, "<html>a proxy's page</html>", {"content-type": "text/html"})
        if fault is Fault.BLOCKED_PROMPT:
            return _reply(ask, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        if fault not in _ERRORS:
            return None
        status, name, message = _ERRORS[fault]
        return _error(status, name, message.replace("{key}", api_key), fault, plan)


def _error(status: int, name: str, message: str, fault: Fault, plan: Plan) -> Reply:
    details: list[JsonObject] = []
    headers: dict[str, str] = {}
    if fault is Fault.QUOTA:
        delay = f"{plan.retry_after_seconds:.9g}s"
        details = [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
        ]
    if fault is Fault.QUOTA_HEADER:
        headers["retry-after"] = str(round(plan.retry_after_seconds))
    if fault is Fault.BAD_KEY:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    error = {"code": status, "message": message, "status": name, "details": details}
    return Reply(status, json.dumps({"error": error}), headers)


def _reply(ask: Ask, body: JsonObject, output: int = 0, thinking: int = 0) -> Reply:
    body["usageMetadata"] = {
        "promptTokenCount": ask.prompt_tokens,
        "candidatesTokenCount": output,
        "thoughtsTokenCount": thinking,
        "totalTokenCount": ask.prompt_tokens + output + thinking,
    }
    return Reply(200, json.dumps(body, ensure_ascii=False), output_tokens=output, thinking_tokens=thinking)
