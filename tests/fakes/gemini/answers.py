"""Requests and answers of `generateContent`, as plain JSON. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.gemini.cards import make_cards
from tests.fakes.gemini.plan import Fault, Plan

CHARACTERS_PER_TOKEN = 4
THINKING_TOKENS = 7
PAGE_SENTENCES = (
    "La page commence par une phrase courte.",
    "Une seconde phrase, beaucoup plus longue que la première, raconte la suite de cette histoire sans couleur.",
    "Puis la page finit.",
)
JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """What a request wants: sentences by id, or the text of a page."""

    wanted: dict[str, str]
    minimum: int = 2
    maximum: int = 8
    page: bool = False
    prompt_tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `paid` is whether the real service would charge for it."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    output_tokens: int = 0
    thinking_tokens: int = 0

    @property
    def paid(self) -> bool:
        return self.status == 200


def read_request(body: bytes) -> Ask:
    """Raises ValueError or KeyError for what no engine of ours would send."""
    request = json.loads(body)
    parts = request["contents"][-1]["parts"]
    texts = [part["text"] for part in parts if "text" in part]
    instruction = [part["text"] for part in request.get("systemInstruction", {}).get("parts", [])]
    tokens = sum(map(len, (*texts, *instruction))) // CHARACTERS_PER_TOKEN
    if any("inlineData" in part for part in parts):
        return Ask({}, page=True, prompt_tokens=tokens + 258)
    task = json.loads(texts[-1])
    wanted = {item["id"]: item["texte"] for item in task["passage"] if "id" in item}
    return Ask(wanted, task["mots_min"], task["mots_max"], prompt_tokens=tokens)


def good_reply(ask: Ask) -> Reply:
    return _content(ask, json.dumps(_answer(ask), ensure_ascii=False))


def _answer(ask: Ask) -> list[JsonObject]:
    if ask.page:
        return [{"texte": text, "dialogue": False} for text in PAGE_SENTENCES]
    return [
        {"id": sentence, "cartes": make_cards(text, ask.minimum, ask.maximum)} for sentence, text in ask.wanted.items()
    ]


def faulty_reply(fault: Fault, ask: Ask, plan: Plan, api_key: str) -> Reply:
    if fault in _ERRORS:
        status, name, message = _ERRORS[fault]
        return _error(status, name, message.replace("{key}", api_key), fault, plan)
    return _PAID_FAULTS[fault](ask)


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


def _content(ask: Ask, text: str, finish: str = "STOP") -> Reply:
    candidate: JsonObject = {"finishReason": finish, "index": 0}
    if text:
        candidate["content"] = {"role": "model", "parts": [{"text": text}]}
    return _reply(ask, {"candidates": [candidate]}, len(text) // CHARACTERS_PER_TOKEN, THINKING_TOKENS)


def _reply(ask: Ask, body: JsonObject, output: int = 0, thinking: int = 0) -> Reply:
    body["usageMetadata"] = {
        "promptTokenCount": ask.prompt_tokens,
        "candidatesTokenCount": output,
        "thoughtsTokenCount": thinking,
        "totalTokenCount": ask.prompt_tokens + output + thinking,
    }
    return Reply(200, json.dumps(body, ensure_ascii=False), output_tokens=output, thinking_tokens=thinking)


def _cut(ask: Ask, finish: str = "STOP") -> Reply:
    text = json.dumps(_answer(ask), ensure_ascii=False)
    return _content(ask, text[: len(text) * 2 // 3], finish)


def _wrong_ids(ask: Ask) -> Reply:
    return _content(ask, json.dumps([{**item, "id": "invented"} for item in _answer(ask)]))


def _missing_ids(ask: Ask) -> Reply:
    """Every second sentence is left out, the first one always."""
    return _content(ask, json.dumps(_answer(ask)[1::2]))


def _long_cards(ask: Ask) -> Reply:
    return _content(ask, json.dumps([{"id": key, "cartes": [text]} for key, text in ask.wanted.items()]))


_PAID_FAULTS: dict[Fault, Callable[[Ask], Reply]] = {
    Fault.CUT_JSON: _cut,
    Fault.NOT_JSON: lambda ask: _content(ask, "Voici les cartes demandées :"),
    Fault.WRONG_SHAPE: lambda ask: _content(ask, json.dumps({"cartes": "aucune"})),
    Fault.HTML: lambda _: Reply(200, "<html>a proxy's page</html>", {"content-type": "text/html"}),
    Fault.WRONG_IDS: _wrong_ids,
    Fault.MISSING_IDS: _missing_ids,
    Fault.LONG_CARDS: _long_cards,
    Fault.MAX_TOKENS: lambda ask: _cut(ask, "MAX_TOKENS"),
    Fault.SAFETY: lambda ask: _content(ask, "", "SAFETY"),
    Fault.RECITATION: lambda ask: _content(ask, "", "RECITATION"),
    Fault.BLOCKED_PROMPT: lambda ask: _reply(ask, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
}
