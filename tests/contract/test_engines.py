"""One suite for every RewriteEngine. An engine joins it by a line in ENGINES."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from extractor.engines.local.engine import LocalEngine
from extractor.engines.port import PageAnswer, PageRequest, RewriteEngine, UnreadablePageError
from extractor.lexicon import french
from extractor.typography import tidy
from extractor.validation import SourceRules, judge_card
from extractor.verdicts import Verdict
from feuilleton.contracts.job_settings import Engine, JobSettings
from tests.fakes.engines import answered
from tests.unit.extractor.scripted_engine import a_rewrite_request


@asynccontextmanager
async def over_http(request: pytest.FixtureRequest) -> AsyncIterator[RewriteEngine]:
    async with answered(request.param) as (_, engine):
        yield engine


@pytest.fixture(scope="module")
def loaded_local_engine() -> Iterator[LocalEngine]:
    """One for the module: its models take seconds to load."""
    engine = LocalEngine()
    yield engine
    asyncio.run(engine.close())


@asynccontextmanager
async def local(request: pytest.FixtureRequest) -> AsyncIterator[RewriteEngine]:
    yield request.getfixturevalue("loaded_local_engine")


OpenEngine = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[RewriteEngine]]
ENGINES: dict[Engine, OpenEngine] = {Engine.GEMINI: over_http, Engine.OPENAI: over_http, Engine.LOCAL: local}


@pytest.fixture(params=sorted(ENGINES))
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[RewriteEngine]:
    async with ENGINES[request.param](request) as engine:
        yield engine


async def test_an_engine_says_what_it_is_and_which_rules_it_follows(engine: RewriteEngine) -> None:
    assert engine.name in Engine
    assert engine.prompt_version


async def test_each_wanted_sentence_gets_cards_or_a_reason_and_no_other_does(engine: RewriteEngine) -> None:
    request = a_rewrite_request()
    answer = await engine.rewrite(request)
    answered = [card.source_id for card in answer.cards]
    declined = [each.source_id for each in answer.declined]
    assert {*answered, *declined} == set(request.wanted)
    assert set(answered).isdisjoint(declined)
    assert all(each.reason for each in answer.declined)
    assert answered == sorted(answered)


@pytest.mark.parametrize("settings", [JobSettings(), JobSettings(sentence_length_limit=12, min_sentence_length=3)])
async def test_the_cards_pass_the_validators(engine: RewriteEngine, settings: JobSettings) -> None:
    request = a_rewrite_request(settings)
    texts = {sentence.id: sentence.text for sentence in request.sentences}
    for card in (await engine.rewrite(request)).cards:
        rules = SourceRules.of(texts[card.source_id], "", settings, french())
        assert judge_card(tidy(card.text), rules) is Verdict.OK, card.text


async def test_the_same_request_gets_the_same_cards_alone_and_among_others(engine: RewriteEngine) -> None:
    alone = (await engine.rewrite(a_rewrite_request())).cards
    together = await asyncio.gather(*(engine.rewrite(a_rewrite_request()) for _ in range(4)))
    assert [answer.cards for answer in together] == [alone] * 4


async def test_a_cancelled_call_ends_at_once_and_the_engine_goes_on(engine: RewriteEngine) -> None:
    await engine.rewrite(a_rewrite_request())
    call = asyncio.create_task(engine.rewrite(a_rewrite_request()))
    await asyncio.sleep(0)
    call.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await call
    assert (await engine.rewrite(a_rewrite_request())).cards


async def test_a_page_is_read_or_refused_for_good(engine: RewriteEngine) -> None:
    outcome = await _outcome(engine.read_page(PageRequest(b"%PDF-1.4\n%%EOF\n", 7, "gemini-2.5-flash")))
    if isinstance(outcome, UnreadablePageError):
        assert not outcome.retryable
    else:
        assert outcome.sentences
        assert all(text for text, _ in outcome.sentences)


async def _outcome(reading: Awaitable[PageAnswer]) -> PageAnswer | UnreadablePageError:
    try:
        return await reading
    except UnreadablePageError as exc:
        return exc
