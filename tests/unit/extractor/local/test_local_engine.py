from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from extractor.engines.local.engine import CutFunction, LocalEngine, LocalOptions
from extractor.engines.port import PageAnswer, PageRequest, RewriteRequest, UnreadablePageError
from extractor.page_reading.port import NoPageReader
from feuilleton.contracts.documents import CardMethod, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Confidence, JobSettings
from feuilleton.processes.pool import WorkerDiedError
from tests.unit.extractor.local.workers import (
    DEADLY,
    HANGING,
    cut_nothing,
    cut_or_die,
    die_always,
    load_nothing,
)

pytestmark = pytest.mark.heavy

LONG = "une phrase bien plus longue que la limite de huit mots"


@asynccontextmanager
async def engine(cut: CutFunction, load: Callable[[], None] = load_nothing) -> AsyncIterator[LocalEngine]:
    opened = LocalEngine(LocalOptions(timeout_seconds=1), cut=cut, load=load)
    yield opened
    await opened.close()


def request(*texts: str, wanted: int | None = None, confidence: Confidence = Confidence.STRICT) -> RewriteRequest:
    sentences = tuple(
        SourceSentence(id=SentenceId(f"s{at}"), text=text, page=1, paragraph=at) for at, text in enumerate(texts)
    )
    return RewriteRequest(
        sentences, tuple(s.id for s in sentences[:wanted]), "", JobSettings(confidence=confidence), ""
    )


async def test_sure_cards_are_given_and_unsure_ones_kept_back() -> None:
    async with engine(cut_or_die) as local:
        (card,) = (await local.rewrite(request(LONG))).cards
    assert (card.source_id, card.text, card.method) == ("s0", "Sûr à 8.", CardMethod.CUT)
    assert (card.confidence, card.flags) == (0.999, ("end_stop",))


async def test_the_setting_says_how_sure_a_card_must_be() -> None:
    async with engine(cut_or_die) as local:
        given = {setting: (await local.rewrite(request(LONG, confidence=setting))).cards for setting in Confidence}
    assert [card.text for card in given[Confidence.BALANCED]] == ["Sûr à 8.", "Assez sûr."]
    assert [card.text for card in given[Confidence.STRICT]] == ["Sûr à 8."]


async def test_only_wanted_sentences_are_cut() -> None:
    async with engine(cut_or_die) as local:
        answer = await local.rewrite(request(LONG, LONG, wanted=1))
    assert [card.source_id for card in answer.cards] == ["s0"]
    assert answer.declined == ()


async def test_a_sentence_without_a_sure_card_needs_a_model() -> None:
    async with engine(cut_nothing) as local:
        answer = await local.rewrite(request(LONG))
    assert [(each.source_id, each.reason) for each in answer.declined] == [("s0", "needs_model")]


async def test_a_sentence_within_the_limits_passes_as_it_is_and_a_shorter_one_is_declined() -> None:
    async with engine(die_always) as local:
        answer = await local.rewrite(request("Il dort bien.", "Oui."))
    assert [(card.text, card.method) for card in answer.cards] == [("Il dort bien.", CardMethod.VERBATIM)]
    assert [each.reason for each in answer.declined] == ["too_short"]


@pytest.mark.parametrize("fatal", [DEADLY, HANGING])
async def test_a_sentence_that_kills_or_hangs_its_worker_costs_only_itself(fatal: str) -> None:
    async with engine(cut_or_die) as local:
        answer = await local.rewrite(request(LONG, fatal, LONG))
    assert [card.source_id for card in answer.cards] == ["s0", "s2"]
    assert [(each.source_id, each.reason) for each in answer.declined] == [("s1", "parser_died")]


async def test_workers_that_die_of_everything_are_a_fault_and_not_a_book_without_cards() -> None:
    async with engine(die_always) as local:
        with pytest.raises(WorkerDiedError):
            await local.rewrite(request(LONG, LONG))


class OnePageReader(NoPageReader):
    async def read(self, request: PageRequest) -> PageAnswer:
        return PageAnswer(((f"Page {request.page}.", False),))


async def test_a_page_without_text_is_read_by_the_reader_of_pages() -> None:
    local = LocalEngine(cut=cut_nothing, load=load_nothing, pages=OnePageReader())
    assert (await local.read_page(PageRequest(b"%PDF", 7, ""))).sentences == (("Page 7.", False),)
    await local.close()


async def test_a_page_without_text_is_refused_for_good_where_nothing_reads_pages() -> None:
    async with engine(cut_nothing) as local:
        with pytest.raises(UnreadablePageError) as refused:
            await local.read_page(PageRequest(b"%PDF", 7, ""))
    assert not refused.value.retryable
