"""The Gemini engine and the extraction core against a server over HTTP that fails on demand."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from extractor.engines.gemini import GeminiEngine, GeminiOptions
from extractor.engines.port import ModelRefusalError, PageRequest
from extractor.extraction import Extraction
from extractor.repairs import RepairLimits
from feuilleton.contracts.errors import PipelineError, QuotaExceededError
from tests.fakes.engines import KEY
from tests.fakes.gemini import FakeGemini, Fault, Plan, Recording, Refusal
from tests.integration.extractor.over_http import FAILURES, LONG, TIMEOUT_SECONDS, extract, failure_of
from tests.unit.extractor.scripted_engine import (
    a_page_chunk,
    a_rewrite_request,
    a_sentence,
    a_text_chunk,
    listed,
    represented,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FakeGemini]:
    async with FakeGemini() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(server: FakeGemini) -> AsyncIterator[GeminiEngine]:
    engine = GeminiEngine(KEY, GeminiOptions(base_url=server.url, timeout_seconds=TIMEOUT_SECONDS))
    yield engine
    await engine.close()


@pytest.fixture
def gemini(server: FakeGemini) -> FakeGemini:
    """The module's server, as if it had just started."""
    server.reset()
    return server


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        *FAILURES,
        (Fault.QUOTA_HEADER, QuotaExceededError, "quota_exceeded"),
        (Fault.RECITATION, ModelRefusalError, "recitation"),
    ],
)
async def test_each_failure_is_told_apart_costs_one_request_and_shows_no_key(
    gemini: FakeGemini, engine: GeminiEngine, fault: Fault, kind: type[PipelineError], code: str
) -> None:
    gemini.plan = Plan(faults=(fault,))
    error = await failure_of(engine)
    assert type(error) is kind
    assert error.code == code
    assert gemini.stats.calls == 1
    assert KEY not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("fault", [Fault.CUT_JSON, Fault.MAX_TOKENS])
async def test_of_an_answer_that_breaks_off_the_sentences_before_the_break_are_kept(
    gemini: FakeGemini, engine: GeminiEngine, fault: Fault
) -> None:
    whole = (await engine.rewrite(a_rewrite_request())).cards
    gemini.plan = Plan(faults=(fault,))
    cards = (await engine.rewrite(a_rewrite_request())).cards
    kept = dict.fromkeys(card.source_id for card in cards)
    assert list(kept) == list(a_rewrite_request().wanted)[: len(kept)]
    assert 0 < len(kept) < len(a_rewrite_request().wanted)
    assert cards == tuple(card for card in whole if card.source_id in kept)


async def test_a_header_says_how_long_to_wait_for_quota(gemini: FakeGemini, engine: GeminiEngine) -> None:
    gemini.plan = Plan(faults=(Fault.QUOTA_HEADER,), retry_after_seconds=42)
    error = await failure_of(engine)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == 42


async def test_the_environment_does_not_redirect_the_engine(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_API_KEY", "another-key")
    gemini.plan = Plan(api_key=KEY)
    engine = GeminiEngine(KEY, GeminiOptions(base_url=gemini.url))
    await engine.rewrite(a_rewrite_request())
    await engine.close()
    assert gemini.stats.paid == 1


async def test_an_engine_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="API key"):
        GeminiEngine("")


async def test_hundreds_of_calls_are_in_flight_at_once(gemini: FakeGemini) -> None:
    gemini.plan = Plan(latency_seconds=3)
    engine = GeminiEngine(KEY, GeminiOptions(base_url=gemini.url, timeout_seconds=60))
    await asyncio.gather(*(engine.rewrite(a_rewrite_request()) for _ in range(300)))
    await engine.close()
    assert gemini.stats.peak_in_flight == 300


async def test_a_page_is_read_from_its_pdf(gemini: FakeGemini, engine: GeminiEngine) -> None:
    answer = await engine.read_page(PageRequest(b"%PDF-1.4\n%%EOF\n", 7, "gemini-2.5-flash"))
    assert len(answer.sentences) == 3
    assert gemini.stats.pages == 1


@pytest.mark.parametrize(
    ("fault", "failing"),
    [
        (Fault.MISSING_IDS, [sentence.id for sentence in LONG[::2]]),
        (Fault.WRONG_IDS, [sentence.id for sentence in LONG]),
        (Fault.NOT_JSON, [sentence.id for sentence in LONG]),
        (Fault.LONG_CARDS, [sentence.id for sentence in LONG]),
        (Fault.CUT_JSON, None),
        (Fault.MAX_TOKENS, None),
    ],
)
async def test_only_the_failing_sentences_are_asked_for_again_and_fewer_at_a_time(
    gemini: FakeGemini, engine: GeminiEngine, fault: Fault, failing: list[str] | None
) -> None:
    gemini.plan = Plan(faults=(fault,))
    checkpoint = await extract(engine)
    first, *repairs = gemini.asks
    again = [sentence for ask in repairs for sentence in ask.wanted]
    # An answer that breaks off leaves the sentences from the break on; where that is, the fake says by its length.
    assert again == (list(first.wanted)[-len(again) :] if failing is None else failing)
    assert 0 < len(again) < len(first.wanted) or failing is not None
    assert all(len(ask.wanted) <= len(LONG) / 2 for ask in repairs)
    assert checkpoint.prompt_version == engine.prompt_version


async def test_sentences_that_are_always_refused_are_listed_and_all_others_get_cards(
    gemini: FakeGemini, engine: GeminiEngine
) -> None:
    gemini.plan = Plan(refusals=(Refusal(text="Marin7 ", fault=Fault.RECITATION),))
    checkpoint = await extract(engine)
    assert listed(checkpoint) == ["s0007"]
    assert (checkpoint.dropped[0].reason, checkpoint.dropped[0].detail) == ("refused", "recitation")
    assert len(set(represented(checkpoint))) == len(LONG) - 1


@pytest.mark.parametrize("fault", [Fault.SAFETY, Fault.RECITATION, Fault.BLOCKED_PROMPT])
async def test_what_one_model_refuses_is_asked_in_smaller_pieces_in_other_words_and_then_of_the_other_model(
    gemini: FakeGemini, engine: GeminiEngine, fault: Fault
) -> None:
    refusal = Refusal(text="Marin7 ", fault=fault, model="gemini-2.5-flash")
    gemini.plan = Plan(refusals=(refusal,))
    checkpoint = await extract(engine)
    assert checkpoint.dropped == ()
    asks = [ask for ask in gemini.asks if "s0007" in ask.wanted]
    assert [len(ask.wanted) for ask in asks] == [24, 6, 2, 1, 1]
    assert [ask.model for ask in asks] == ["gemini-2.5-flash"] * 4 + ["gemini-2.5-flash-lite"]
    assert asks[0].remarks == ()
    assert all("reformule" in ask.remarks[0] for ask in asks[1:])


async def test_calls_have_the_price_of_the_model_that_made_them(gemini: FakeGemini, engine: GeminiEngine) -> None:
    request = a_rewrite_request()
    dear = (await engine.rewrite(replace(request, model="gemini-2.5-pro"))).usage
    cheap = (await engine.rewrite(replace(request, model="gemini-2.5-flash-lite"))).usage
    assert dear.tokens == cheap.tokens
    assert dear.cost_microdollars == round(1.25 * dear.prompt_tokens + 10 * (dear.output_tokens + dear.thinking_tokens))
    assert cheap.cost_microdollars < dear.cost_microdollars / 10


async def test_quotes_italics_ellipses_dashes_and_spaces_of_a_card_come_out_as_the_model_wrote_them(
    gemini: FakeGemini, engine: GeminiEngine
) -> None:
    source = "— Marin… lisait « *Le\u00a0Petit Riverain* »\u202f; il aimait cela, dit-elle, et moi aussi, autrefois…"
    cards = [
        "— Marin… lisait « *Le\u00a0Petit Riverain* ».",
        "— Il aimait cela, dit-elle.",
        "Moi aussi, j'aimais cela…",
    ]
    answer = json.dumps({"phrases": [{"id": "s0000", "cartes": cards}]})
    gemini.plan = Plan(recordings=(Recording(ids=("s0000",), text=answer),))
    checkpoint = await Extraction(a_text_chunk([a_sentence(0, source)]), engine).run()
    assert [card.text for card in checkpoint.cards] == cards
    assert gemini.stats.calls == 1


async def test_what_was_answered_before_an_outage_is_not_paid_twice(gemini: FakeGemini, engine: GeminiEngine) -> None:
    gemini.plan = Plan(faults=(Fault.MISSING_IDS, Fault.UNAVAILABLE, Fault.QUOTA, Fault.SERVER_ERROR))
    checkpoint = await extract(engine)
    assert (gemini.stats.calls, gemini.stats.paid, gemini.stats.paid_again) == (5, 2, 0)
    assert checkpoint.usage.repairs == 1


@pytest.mark.parametrize("seed", range(5))
async def test_a_model_that_fails_at_random_loses_no_sentence(
    gemini: FakeGemini, engine: GeminiEngine, seed: int
) -> None:
    faults = (Fault.UNAVAILABLE, Fault.CUT_JSON, Fault.MISSING_IDS, Fault.LONG_CARDS, Fault.SAFETY, Fault.WRONG_IDS)
    gemini.plan = Plan(chances=dict.fromkeys(faults, 0.1), seed=seed)
    checkpoint = await extract(engine)
    assert {*represented(checkpoint), *listed(checkpoint)} == {sentence.id for sentence in LONG}
    assert len(listed(checkpoint)) <= 3
    assert checkpoint.usage.calls <= 1 + RepairLimits().calls


async def test_a_page_chunk_is_read_and_made_into_cards(gemini: FakeGemini, engine: GeminiEngine) -> None:
    checkpoint = await Extraction(a_page_chunk(), engine, b"%PDF-1.4\n%%EOF\n").run()
    assert len(checkpoint.sentences) == 3
    assert set(represented(checkpoint)) == {sentence.id for sentence in checkpoint.sentences}
    assert gemini.stats.paid == 2
