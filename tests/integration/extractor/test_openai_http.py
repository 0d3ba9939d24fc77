"""The engine for OpenAI-compatible servers, and the extraction core on it, against a server that fails on demand."""

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from extractor.engines.openai import OpenAIEngine, OpenAIOptions
from extractor.engines.port import (
    BadAnswerError,
    ModelRefusalError,
    OverloadedError,
    PageRequest,
    UnreadablePageError,
)
from extractor.extraction import Extraction, NoUsableAnswerError
from extractor.repairs import RepairLimits
from feuilleton.contracts.documents import Checkpoint
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.models import ModelTerms
from tests.fakes.openai import FakeOpenAI, Fault, Plan, Refusal
from tests.unit.extractor.scripted_engine import (
    a_long_sentence,
    a_rewrite_request,
    a_text_chunk,
    listed,
    represented,
)

KEY = "sk-0123456789-secret"
MODEL = "mistral-small"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI() as server:
        yield server


@pytest.fixture
def server(running_server: FakeOpenAI) -> FakeOpenAI:
    """The module's server, as if it had just started."""
    running_server.reset()
    return running_server


@pytest_asyncio.fixture(loop_scope="module")
async def engine(server: FakeOpenAI) -> AsyncIterator[OpenAIEngine]:
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1/", KEY, timeout_seconds=0.5))
    yield engine
    await engine.close()


async def failure_of(engine: OpenAIEngine) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        await engine.rewrite(a_rewrite_request())
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault.QUOTA, QuotaExceededError, "quota_exceeded"),
        (Fault.SERVER_ERROR, TransientError, "model_unavailable"),
        (Fault.UNAVAILABLE, OverloadedError, "model_unavailable"),
        (Fault.DISCONNECT, TransientError, "model_unavailable"),
        (Fault.HANG, TransientError, "model_timeout"),
        (Fault.TRICKLE, TransientError, "model_timeout"),
        (Fault.BAD_KEY, PipelineError, "model_auth"),
        (Fault.FORBIDDEN, PipelineError, "model_auth"),
        (Fault.NO_MODEL, PipelineError, "model_not_found"),
        (Fault.BAD_REQUEST, PipelineError, "bad_request"),
        (Fault.BLOCKED_PROMPT, ModelRefusalError, "safety"),
        (Fault.NOT_JSON, BadAnswerError, "bad_answer"),
        (Fault.WRONG_SHAPE, BadAnswerError, "bad_answer"),
        (Fault.HTML, BadAnswerError, "bad_answer"),
        (Fault.NO_ROOM, ModelRefusalError, "max_tokens"),
        (Fault.SAFETY, ModelRefusalError, "safety"),
    ],
)
async def test_each_failure_is_told_apart_costs_one_answer_and_shows_no_key(
    server: FakeOpenAI, engine: OpenAIEngine, fault: Fault, kind: type[PipelineError], code: str
) -> None:
    server.plan = Plan(chances={fault: 1.0})
    error = await failure_of(engine)
    assert type(error) is kind
    assert error.code == code
    assert server.stats.paid <= 1
    assert KEY not in "".join(traceback.format_exception(error))


async def test_a_failed_request_is_not_sent_again(server: FakeOpenAI, engine: OpenAIEngine) -> None:
    server.plan = Plan(faults=(Fault.UNAVAILABLE,))
    await failure_of(engine)
    assert server.stats.calls == 1


async def test_the_server_says_how_long_to_wait_for_quota(server: FakeOpenAI, engine: OpenAIEngine) -> None:
    server.plan = Plan(faults=(Fault.QUOTA,), retry_after_seconds=42)
    error = await failure_of(engine)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == 42


async def test_a_server_that_is_not_there_is_a_transient_error() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        engine = OpenAIEngine(OpenAIOptions(f"http://127.0.0.1:{bound.getsockname()[1]}/v1"))
        async with asyncio.timeout(1):
            error = await failure_of(engine)
        await engine.close()
    assert isinstance(error, TransientError)


async def test_the_key_travels_in_its_header_and_is_never_logged(
    server: FakeOpenAI, engine: OpenAIEngine, caplog: pytest.LogCaptureFixture
) -> None:
    server.plan = Plan(api_key=KEY)
    with caplog.at_level(logging.DEBUG):
        await engine.rewrite(a_rewrite_request())
    assert server.stats.paid == 1
    assert KEY not in caplog.text
    assert KEY not in repr(engine)


async def test_the_environment_neither_redirects_the_engine_nor_lends_it_a_key(
    server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.plan = Plan(api_key=KEY)
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1"))
    assert (await failure_of(engine)).code == "model_auth"
    await engine.close()


async def test_tokens_are_those_that_the_server_counted_and_have_the_price_of_the_table(server: FakeOpenAI) -> None:
    request = a_rewrite_request()
    terms = {request.model: ModelTerms(prompt_usd=1, output_usd=2)}
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1", terms=terms))
    usage = (await engine.rewrite(request)).usage
    await engine.close()
    stats = server.stats
    assert (usage.prompt_tokens, usage.output_tokens, usage.thinking_tokens) == (
        stats.prompt_tokens,
        stats.output_tokens,
        stats.thinking_tokens,
    )
    assert usage.cost_microdollars == stats.prompt_tokens + 2 * (stats.output_tokens + stats.thinking_tokens)
    assert usage.calls == 1


@pytest.mark.parametrize(
    ("refused", "forms"),
    [
        (set(), ["json_schema", "json_schema"]),
        ({"json_schema"}, ["json_schema", "json_object", "json_object"]),
        ({"json_schema", "json_object"}, ["json_schema", "json_object", "text", "text"]),
    ],
)
async def test_a_server_without_schemas_gives_the_same_cards_and_is_asked_but_once_for_them(
    server: FakeOpenAI, engine: OpenAIEngine, refused: set[str], forms: list[str]
) -> None:
    best = (await engine.rewrite(a_rewrite_request())).cards
    server.reset(Plan(refused_forms=frozenset(refused)))
    other = OpenAIEngine(OpenAIOptions(f"{server.url}/v1"))
    answers = [await other.rewrite(a_rewrite_request()) for _ in range(2)]
    await other.close()
    assert [answer.cards for answer in answers] == [best, best]
    assert [ask.form for ask in server.asks] == forms
    assert server.stats.paid == 2
    assert sum(answer.usage.calls for answer in answers) == 2


async def test_a_page_needs_a_reader_of_its_own(engine: OpenAIEngine) -> None:
    with pytest.raises(UnreadablePageError):
        await engine.read_page(PageRequest(b"%PDF-1.4\n%%EOF\n", 7, MODEL))


async def test_a_cancelled_call_is_aborted_at_the_server_and_not_paid(server: FakeOpenAI) -> None:
    server.plan = Plan(latency_seconds=30)
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1"))
    call = asyncio.create_task(engine.rewrite(a_rewrite_request()))
    async with asyncio.timeout(5):
        await server.wait_until(lambda stats: stats.in_flight == 1)
        call.cancel()
        await server.wait_until(lambda stats: stats.in_flight == 0)
    await engine.close()
    assert (server.stats.aborted, server.stats.paid) == (1, 0)


LONG = tuple(a_long_sentence(number) for number in range(24))


async def extract(engine: OpenAIEngine) -> Checkpoint:
    """As the extractor does: tried until it gives a checkpoint."""
    chunk = a_text_chunk(LONG).model_copy(update={"engine": Engine.OPENAI, "model": MODEL})
    extraction = Extraction(chunk, engine)
    while True:
        try:
            return await extraction.run()
        except TransientError:
            continue


FATAL = (Fault.BAD_KEY, Fault.FORBIDDEN, Fault.NO_MODEL, Fault.BAD_REQUEST)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in FATAL])
async def test_after_one_failure_of_any_kind_every_sentence_still_gets_its_cards(
    server: FakeOpenAI, engine: OpenAIEngine, fault: Fault
) -> None:
    server.plan = Plan(faults=(fault,))
    checkpoint = await extract(engine)
    assert set(represented(checkpoint)) == {sentence.id for sentence in LONG}
    assert checkpoint.dropped == ()
    assert checkpoint.usage.calls == server.stats.paid
    assert (checkpoint.engine, checkpoint.model) == (Engine.OPENAI, MODEL)
    assert {ask.model for ask in server.asks} == {MODEL}
    assert checkpoint.prompt_version == engine.prompt_version


async def test_sentences_that_are_always_filtered_are_listed_and_all_others_get_cards(
    server: FakeOpenAI, engine: OpenAIEngine
) -> None:
    server.plan = Plan(refusals=(Refusal(text="Marin7 "),))
    checkpoint = await extract(engine)
    assert listed(checkpoint) == ["s0007"]
    assert (checkpoint.dropped[0].reason, checkpoint.dropped[0].detail) == ("refused", "safety")


async def test_a_model_with_a_small_context_gets_the_chunk_in_pieces(server: FakeOpenAI, engine: OpenAIEngine) -> None:
    await engine.rewrite(a_rewrite_request())
    (ask,) = server.asks
    server.reset(Plan(context_tokens=ask.prompt_tokens + ask.room + 2000))
    checkpoint = await extract(engine)
    assert checkpoint.dropped == ()
    assert server.stats.calls == server.stats.paid + 1
    assert 1 < server.stats.paid <= 4


async def test_a_model_that_never_answers_well_fails_the_chunk_within_the_budget(
    server: FakeOpenAI, engine: OpenAIEngine
) -> None:
    server.plan = Plan(chances={Fault.NOT_JSON: 1.0})
    with pytest.raises(NoUsableAnswerError):
        await extract(engine)
    assert server.stats.paid == 1 + RepairLimits().calls - RepairLimits().calls_for_refusals
