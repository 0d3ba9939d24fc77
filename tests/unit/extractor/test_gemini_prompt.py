from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx2
import pytest
from google.genai import errors, types

from extractor.engines import prompting
from extractor.engines.failures import DEFAULT_QUOTA_WAIT_SECONDS
from extractor.engines.gemini import answer, prompt
from extractor.engines.gemini.failures import translate
from extractor.engines.port import BadAnswerError, ModelRefusalError
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import QuotaExceededError, TransientError
from tests.unit.extractor.scripted_engine import a_rewrite_request

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = "key-0123456789"


def a_response(text: str, reason: types.FinishReason = types.FinishReason.STOP) -> types.GenerateContentResponse:
    content = types.Content(role="model", parts=[types.Part(text="hm", thought=True), types.Part(text=text)])
    return types.GenerateContentResponse(candidates=[types.Candidate(content=content, finish_reason=reason)])


def an_error(code: int, body: object, headers: dict[str, str] | None = None) -> errors.APIError:
    return errors.APIError(code, body, httpx2.Response(code, headers=headers or {}))


@pytest.mark.parametrize(
    ("model", "budget", "level"),
    [
        ("gemini-2.5-flash", 0, None),
        ("gemini-2.5-flash-lite", 0, None),
        ("gemini-2.5-pro", 128, None),
        ("gemini-3-flash-preview", None, types.ThinkingLevel.MINIMAL),
        ("gemini-3-pro-preview", None, types.ThinkingLevel.LOW),
        ("gemini-3.1-pro-preview", None, types.ThinkingLevel.LOW),
        ("gemini-3.5-flash-lite", None, types.ThinkingLevel.MINIMAL),
        ("gemini-3.8-flash", None, types.ThinkingLevel.LOW),
    ],
)
def test_thinking_is_the_least_that_the_model_allows(
    model: str, budget: int | None, level: types.ThinkingLevel | None
) -> None:
    thinking = prompt.thinking_for(model)
    assert thinking is not None
    assert (thinking.thinking_budget, thinking.thinking_level) == (budget, level)


def test_the_answer_is_bound_to_the_schema_keyed_by_the_id_of_the_source() -> None:
    config = prompt.rewrite_config(a_rewrite_request())
    assert config.response_mime_type == "application/json"
    schema = prompt.ANSWER_SCHEMA
    assert config.response_schema is schema
    assert schema.properties is not None
    phrases = schema.properties["phrases"].items
    assert phrases is not None
    assert phrases.required == ["id", "cartes"]


def test_a_model_that_thinks_has_room_for_it_beside_its_answer() -> None:
    rooms = {
        model: prompt.rewrite_config(replace(a_rewrite_request(), model=model)).max_output_tokens or 0
        for model in ("gemini-3.5-flash-lite", "gemini-2.5-pro", "gemini-3.8-flash", "unheard-of")
    }
    least = prompting.output_room(a_rewrite_request())
    assert rooms["gemini-3.5-flash-lite"] == rooms["gemini-2.5-pro"] == least
    assert rooms["gemini-3.8-flash"] == rooms["unheard-of"] > 2 * least


@pytest.mark.parametrize(
    ("model", "first", "repair"), [("gemini-2.5-flash-lite", 0.2, 0.6), ("gemini-3.5-flash-lite", None, None)]
)
def test_models_that_take_a_temperature_are_sampled_cold_and_in_repairs_warmer(
    model: str, first: float | None, repair: float | None
) -> None:
    request = replace(a_rewrite_request(), model=model)
    configs = [prompt.rewrite_config(each) for each in (request, replace(request, repair_round=1))]
    assert [config.temperature for config in configs] == [first, repair]


def test_a_model_of_unknown_family_keeps_its_default_thinking() -> None:
    assert prompt.thinking_for("gemma-3-27b-it") is None


def test_cards_are_read_without_the_models_thoughts() -> None:
    said = '{"phrases": [{"id": "s1", "cartes": ["Il vint.", "Il partit."]}]}'
    cards = answer.read_cards(a_response(said), Usage())
    assert [(card.source_id, card.text) for card in cards] == [("s1", "Il vint."), ("s1", "Il partit.")]


@pytest.mark.parametrize("text", ["", '{"phrases": [{"id": "s1"'])
def test_an_answer_that_ran_out_of_room_before_its_first_sentence_was_whole_is_a_refusal(text: str) -> None:
    with pytest.raises(ModelRefusalError) as caught:
        answer.read_cards(a_response(text, types.FinishReason.MAX_TOKENS), Usage(calls=1))
    assert (caught.value.code, caught.value.usage.calls) == ("max_tokens", 1)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (types.FinishReason.SAFETY, "safety"),
        (types.FinishReason.PROHIBITED_CONTENT, "safety"),
        (types.FinishReason.RECITATION, "recitation"),
        (types.FinishReason.OTHER, "refused"),
    ],
)
def test_a_finish_reason_other_than_stop_is_a_refusal(reason: types.FinishReason, code: str) -> None:
    with pytest.raises(ModelRefusalError) as caught:
        answer.read_cards(a_response("[]", reason), Usage(calls=1))
    assert caught.value.code == code


def test_an_answer_without_a_candidate_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswerError):
        answer.read_cards(types.GenerateContentResponse(), Usage())


def test_retry_info_says_how_long_to_wait() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]
    error = translate(an_error(429, {"error": {"code": 429, "details": details}}, {"retry-after": "5"}), api_key=KEY)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == 34.07


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": format_datetime(NOW.replace(minute=1), usegmt=True)}, 60.0),
        ({"retry-after": format_datetime(NOW.replace(hour=11), usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, DEFAULT_QUOTA_WAIT_SECONDS),
        ({}, DEFAULT_QUOTA_WAIT_SECONDS),
    ],
)
def test_without_retry_info_the_header_says_it_or_a_default(headers: dict[str, str], seconds: float) -> None:
    error = translate(an_error(429, "no JSON", headers), api_key=KEY, now=NOW)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 302])
def test_what_may_pass_is_transient(status: int) -> None:
    error = translate(an_error(status, {}), api_key=KEY)
    assert isinstance(error, TransientError)
    assert error.code == "model_unavailable"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "bad_request"), (401, "model_auth"), (403, "model_auth"), (404, "model_not_found")]
)
def test_what_cannot_pass_is_permanent_with_a_clear_code(status: int, code: str) -> None:
    error = translate(an_error(status, {"error": {"message": f"bad {KEY}"}}), api_key=KEY)
    assert (error.code, error.retryable) == (code, False)
    assert KEY not in str(error)
