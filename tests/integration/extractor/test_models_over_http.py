"""What holds of every engine over HTTP, and of the extraction core on it, against a server that fails on demand."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from extractor.engines.port import RewriteEngine
from extractor.extraction import NoUsableAnswerError
from extractor.repairs import RepairLimits
from feuilleton.contracts.errors import QuotaExceededError, TransientError
from feuilleton.contracts.job_settings import Engine
from tests.fakes.engines import ENGINES, KEY
from tests.fakes.models.plan import Fault, Plan
from tests.fakes.models.server import FakeModel
from tests.integration.extractor.over_http import CHUNKS, FATAL, LONG, TIMEOUT_SECONDS, extract, failure_of
from tests.unit.extractor.scripted_engine import a_rewrite_request, represented

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", params=sorted(ENGINES))
def kind(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_server(kind: Engine) -> AsyncIterator[FakeModel]:
    async with ENGINES[kind][0]() as server:
        yield server


@pytest.fixture
def server(running_server: FakeModel) -> FakeModel:
    """The module's server, as if it had just started."""
    running_server.reset()
    return running_server


@pytest_asyncio.fixture(loop_scope="module")
async def engine(kind: Engine, server: FakeModel) -> AsyncIterator[RewriteEngine]:
    engine = ENGINES[kind][1](server.url, TIMEOUT_SECONDS)
    yield engine
    await engine.close()


async def test_a_failed_request_is_not_sent_again(server: FakeModel, engine: RewriteEngine) -> None:
    server.plan = Plan(faults=(Fault.UNAVAILABLE,))
    await failure_of(engine)
    assert server.stats.calls == 1


async def test_the_server_says_how_long_to_wait_for_quota(server: FakeModel, engine: RewriteEngine) -> None:
    server.plan = Plan(faults=(Fault.QUOTA,), retry_after_seconds=42)
    error = await failure_of(engine)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == 42


async def test_a_server_that_is_not_there_is_a_transient_error(kind: Engine) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        engine = ENGINES[kind][1](f"http://127.0.0.1:{bound.getsockname()[1]}")
        async with asyncio.timeout(1):
            error = await failure_of(engine)
        await engine.close()
    assert isinstance(error, TransientError)


async def test_the_key_travels_in_its_header_and_is_never_logged(
    server: FakeModel, engine: RewriteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    server.plan = Plan(api_key=KEY)
    with caplog.at_level(logging.DEBUG):
        await engine.rewrite(a_rewrite_request())
    assert server.stats.paid == 1
    assert KEY not in caplog.text
    assert KEY not in repr(engine)


async def test_tokens_are_those_that_the_server_counted(server: FakeModel, engine: RewriteEngine) -> None:
    usage = (await engine.rewrite(a_rewrite_request())).usage
    stats = server.stats
    assert (usage.prompt_tokens, usage.output_tokens, usage.thinking_tokens) == (
        stats.prompt_tokens,
        stats.output_tokens,
        stats.thinking_tokens,
    )
    assert usage.calls == 1
    assert usage.seconds > 0


async def test_a_cancelled_call_is_aborted_at_the_server_and_not_paid(kind: Engine, server: FakeModel) -> None:
    server.plan = Plan(latency_seconds=30)
    engine = ENGINES[kind][1](server.url)
    call = asyncio.create_task(engine.rewrite(a_rewrite_request()))
    async with asyncio.timeout(5):
        await server.wait_until(lambda stats: stats.in_flight == 1)
        call.cancel()
        await server.wait_until(lambda stats: stats.in_flight == 0)
    await engine.close()
    assert (server.stats.aborted, server.stats.paid) == (1, 0)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in FATAL])
async def test_after_one_failure_of_any_kind_every_sentence_still_gets_its_cards(
    server: FakeModel, engine: RewriteEngine, fault: Fault
) -> None:
    server.plan = Plan(faults=(fault,))
    checkpoint = await extract(engine)
    assert set(represented(checkpoint)) == {sentence.id for sentence in LONG}
    assert checkpoint.dropped == ()
    assert checkpoint.usage.calls == server.stats.paid
    assert server.stats.paid <= 1 + checkpoint.usage.repairs
    assert server.stats.paid_again == 0
    chunk = CHUNKS[engine.name]
    assert (checkpoint.engine, checkpoint.model) == (chunk.engine, chunk.model)
    assert checkpoint.prompt_version == engine.prompt_version
    if engine.name is Engine.OPENAI:  # it knows of no other model
        assert {ask.model for ask in server.asks} == {chunk.model}


async def test_a_model_that_never_answers_well_fails_the_chunk_within_the_budget(
    server: FakeModel, engine: RewriteEngine
) -> None:
    server.plan = Plan(chances={Fault.NOT_JSON: 1.0})
    with pytest.raises(NoUsableAnswerError):
        await extract(engine)
    assert server.stats.paid == 1 + RepairLimits().calls - RepairLimits().calls_for_refusals
