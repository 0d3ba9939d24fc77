"""What a fake model does besides answering well."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Fault(StrEnum):
    QUOTA = "quota"  # 429 with RetryInfo
    QUOTA_HEADER = "quota_header"  # 429 with Retry-After alone
    SERVER_ERROR = "server_error"  # 500
    UNAVAILABLE = "unavailable"  # 503
    HANG = "hang"  # takes the request, never answers
    TRICKLE = "trickle"  # a byte now and then, for ever
    DISCONNECT = "disconnect"  # closes the connection half way through the answer
    BAD_KEY = "bad_key"  # 400 API_KEY_INVALID, and the key in the message
    FORBIDDEN = "forbidden"  # 403
    NO_MODEL = "no_model"  # 404
    BAD_REQUEST = "bad_request"  # 400
    CUT_JSON = "cut_json"  # 200 from here on: paid for
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    HTML = "html"
    WRONG_IDS = "wrong_ids"
    MISSING_IDS = "missing_ids"
    LONG_CARDS = "long_cards"
    MAX_TOKENS = "max_tokens"
    NO_ROOM = "no_room"  # out of tokens before the first word
    SAFETY = "safety"
    RECITATION = "recitation"
    BLOCKED_PROMPT = "blocked_prompt"


class Refusal(BaseModel):
    """Answer with `fault` whenever a wanted sentence holds `text`; only of `model`, where it names one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    fault: Fault = Fault.SAFETY
    model: str | None = None

    def holds(self, texts: Iterable[str], model: str) -> bool:
        return self.model in (None, model) and any(self.text in text for text in texts)


class Recording(BaseModel):
    """The answer to the call that asks for just `ids`, written by hand. `finish` is a Finish."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ids: tuple[str, ...]
    text: str
    finish: str = "stop"


class Plan(BaseModel):
    """How the server behaves until told otherwise.

    `faults` are spent first, one a call in order of arrival. `refusals` hold for ever. After them each call
    draws from `chances` (share of calls per fault) by `seed`, the request's bytes and how often it saw these,
    so a run can be repeated whatever the order in which calls arrive.

    With `recordings` every answer comes from them, and a call without one is a bad request. `refused_forms` are
    kinds of `response_format` that the server does not take. `context_tokens` bounds prompt and answer together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    latency_seconds: float = 0.0
    faults: tuple[Fault, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    chances: dict[Fault, float] = Field(default_factory=dict)
    seed: int = 0
    retry_after_seconds: float = 1.0
    api_key: str | None = None
    recordings: tuple[Recording, ...] = ()
    refused_forms: frozenset[str] = frozenset()
    context_tokens: int | None = None

    def draw(self, body: bytes, seen: int) -> Fault | None:
        digest = hashlib.sha256(f"{self.seed}/{seen}/".encode() + body).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64
        for fault, chance in self.chances.items():
            if point < chance:
                return fault
            point -= chance
        return None
