"""The engine for OpenAI-compatible servers, and the extraction core on it, against a server that fails on demand."""

import traceback
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from extractor.engines.openai import OpenAIEngine, OpenAIOptions
from extractor.engines.port import PageRequest, UnreadablePageError
from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.models import ModelTerms
from tests.fakes.engines import KEY
from tests.fakes.openai import FakeOpenAI, Fault, Plan, Refusal
from tests.integration.extractor.over_http import FAILURES, MODEL, TIMEOUT_SECONDS, extract, failure_of
from tests.unit.extractor.scripted_engine import a_rewrite_request, listed

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
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1/", KEY, timeout_seconds=TIMEOUT_SECONDS))
    yield engine
    await engine.close()


@pytest.mark.parametrize(("fault", "kind", "code"), FAILURES)
async def test_each_failure_is_told_apart_costs_one_answer_and_shows_no_key(
    server: FakeOpenAI, engine: OpenAIEngine, fault: Fault, kind: type[PipelineError], code: str
) -> None:
    server.plan = Plan(chances={fault: 1.0})
    error = await failure_of(engine)
    assert type(error) is kind
    assert error.code == code
    assert server.stats.paid <= 1
    assert KEY not in "".join(traceback.format_exception(error))


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


async def test_tokens_have_the_price_of_the_table(server: FakeOpenAI) -> None:
    request = a_rewrite_request()
    terms = {request.model: ModelTerms(prompt_usd=1, output_usd=2)}
    engine = OpenAIEngine(OpenAIOptions(f"{server.url}/v1", terms=terms))
    usage = (await engine.rewrite(request)).usage
    await engine.close()
    stats = server.stats
    assert usage.cost_microdollars == stats.prompt_tokens + 2 * (stats.output_tokens + stats.thinking_tokens)


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
