"""What is sent to OpenAI-compatible servers, what is made of their refusals, and what is read from their answers."""

import json

import pytest

from extractor.engines.openai import answer
from extractor.engines.openai.dialect import Dialect, Form
from extractor.engines.port import BadAnswerError, ModelRefusalError
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import QuotaExceededError, TransientError
from tests.unit.extractor.scripted_engine import a_rewrite_request

KEY = "key-0123456789"
CARDS = '{"phrases": [{"id": "s1", "cartes": ["Il vint."]}]}'

# As the servers word it.
VLLM_TOO_LONG = (
    "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192 tokens"
)
LLAMA_TOO_LONG = '{"error":{"code":400,"message":"the request exceeds the available context size.","type":"x"}}'
LM_STUDIO_NO_OBJECT = "{\"error\":\"'response_format.type' must be 'json_schema' or 'text'\"}"
LLAMA_PYTHON_NO_SCHEMA = 'response_format type must be one of "text" or "json_object", but got: json_schema'
OPENAI_NO_MAX_TOKENS = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
OPENAI_NO_TEMPERATURE = "Unsupported value: 'temperature' does not support 0.2 with this model."


def a_completion(content: str | None, reason: str = "stop", refusal: str | None = None) -> answer.Completion:
    choice = {"message": {"content": content, "refusal": refusal}, "finish_reason": reason}
    return answer.parse_completion(json.dumps({"choices": [choice]}).encode())


def test_the_strictest_form_carries_the_schema() -> None:
    body = Dialect().body(a_rewrite_request())
    schema = body["response_format"]["json_schema"]["schema"]
    assert body["response_format"]["type"] == "json_schema"
    assert schema["properties"]["phrases"]["items"]["required"] == ["id", "cartes"]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["stream"] is False
    assert body["temperature"] == 0.2


def test_a_server_without_schemas_is_asked_for_an_object_and_then_for_text() -> None:
    forms = [Dialect()]
    while (simpler := forms[-1].simpler(400, "no")) is not None:
        forms.append(simpler)
    assert [dialect.form for dialect in forms] == [Form.SCHEMA, Form.OBJECT, Form.TEXT]
    assert "response_format" not in forms[-1].body(a_rewrite_request())


@pytest.mark.parametrize(
    ("status", "message", "changed"),
    [
        (400, LM_STUDIO_NO_OBJECT, {"form": Form.OBJECT}),
        (500, LLAMA_PYTHON_NO_SCHEMA, {"form": Form.OBJECT}),
        (400, OPENAI_NO_MAX_TOKENS, {"limit_field": "max_completion_tokens"}),
        (400, OPENAI_NO_TEMPERATURE, {"has_temperature": False}),
    ],
)
def test_what_a_server_refuses_is_left_out_and_nothing_else(
    status: int, message: str, changed: dict[str, object]
) -> None:
    simpler = Dialect().simpler(status, message)
    assert simpler is not None
    assert {name: getattr(simpler, name) for name in changed} == changed
    assert sum(getattr(simpler, name) != getattr(Dialect(), name) for name in Dialect.__dataclass_fields__) == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "out of memory"),
        (503, "Loading model"),
        (401, "no"),
        (404, "no"),
        (429, "slow down"),
        (400, VLLM_TOO_LONG),
    ],
)
def test_what_no_simpler_form_would_mend_is_not_tried_again(status: int, message: str) -> None:
    assert Dialect().simpler(status, message) is None


def test_the_limit_and_the_temperature_follow_what_the_server_takes() -> None:
    body = Dialect(limit_field="max_completion_tokens", has_temperature=False).body(a_rewrite_request())
    assert body["max_completion_tokens"] > 0
    assert "max_tokens" not in body
    assert "temperature" not in body


@pytest.mark.parametrize("message", [VLLM_TOO_LONG, LLAMA_TOO_LONG, "Requested tokens (9) exceed context window of 2"])
@pytest.mark.parametrize("status", [400, 500])
def test_a_text_too_long_for_the_model_is_asked_for_in_smaller_pieces(status: int, message: str) -> None:
    error = answer.refusal_of(status, message, secret=KEY, wait_seconds=None)
    assert isinstance(error, ModelRefusalError)
    assert (error.code, error.usage) == ("max_tokens", Usage())


def test_a_filter_that_stops_the_request_is_a_refusal() -> None:
    error = answer.refusal_of(400, '{"error": {"code": "content_filter"}}', secret=KEY, wait_seconds=None)
    assert isinstance(error, ModelRefusalError)
    assert error.code == "safety"


def test_the_wait_for_quota_is_the_servers() -> None:
    error = answer.refusal_of(429, "", secret=KEY, wait_seconds=7)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("status", "code"), [(400, "bad_request"), (401, "model_auth"), (403, "model_auth"), (404, "model_not_found")]
)
def test_what_cannot_pass_is_permanent_with_a_clear_code_and_shows_no_key(status: int, code: str) -> None:
    error = answer.refusal_of(status, f"bad {KEY}", secret=KEY, wait_seconds=None)
    assert (error.code, error.retryable) == (code, False)
    assert KEY not in str(error)


def test_of_a_request_that_a_server_repeats_no_book_text_is_shown() -> None:
    echo = f'{{"detail": [{{"input": {json.dumps(Dialect().body(a_rewrite_request()))}}}]}}'
    assert "notaire" in echo
    assert "notaire" not in str(answer.refusal_of(422, echo, secret="", wait_seconds=None))


def test_what_may_pass_is_transient() -> None:
    assert isinstance(answer.refusal_of(503, "", secret="", wait_seconds=None), TransientError)


@pytest.mark.parametrize(
    "text",
    [
        CARDS,
        f"```json\n{CARDS}\n```",
        f"Voici les cartes :\n```\n{CARDS}\n```\nBonne lecture !",
        f"<think>\nComptons {{un}} ```deux``` [trois]\n</think>\n{CARDS}",
    ],
)
def test_cards_are_read_whatever_a_model_says_around_them(text: str) -> None:
    (card,) = answer.read_cards(a_completion(text), Usage())
    assert (card.source_id, card.text) == ("s1", "Il vint.")


@pytest.mark.parametrize(("reason", "code"), [("length", "max_tokens"), ("content_filter", "safety")])
def test_an_answer_that_did_not_end_by_itself_is_a_refusal(reason: str, code: str) -> None:
    with pytest.raises(ModelRefusalError) as caught:
        answer.read_cards(a_completion("", reason), Usage(calls=1))
    assert (caught.value.code, caught.value.usage.calls) == (code, 1)


def test_a_refusal_in_words_of_its_own_field_is_a_refusal() -> None:
    with pytest.raises(ModelRefusalError):
        answer.read_cards(a_completion(None, refusal="I'm sorry."), Usage())


@pytest.mark.parametrize("body", ["", "<html>", "{}", '{"error": "x"}', '{"choices": [{}]}'])
def test_an_answer_that_is_no_completion_is_a_bad_answer(body: str) -> None:
    with pytest.raises(BadAnswerError):
        answer.parse_completion(body.encode())


def test_a_completion_without_choices_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswerError):
        answer.read_cards(answer.parse_completion(b'{"choices": []}'), Usage())


def test_tokens_of_thinking_are_told_apart_and_missing_counts_are_zero() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 3}}
    completion = answer.parse_completion(json.dumps({"choices": [], "usage": counts}).encode())
    usage = answer.usage_of(completion, 1.5)
    assert (usage.prompt_tokens, usage.output_tokens, usage.thinking_tokens, usage.seconds) == (9, 4, 3, 1.5)
    assert answer.usage_of(answer.parse_completion(b'{"choices": []}'), 0.0).tokens == 0
