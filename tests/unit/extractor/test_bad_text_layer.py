"""A page whose text layer is bad OCR comes with that text: used where the page cannot be read anew."""

from collections.abc import Sequence

import pytest

from extractor.engines.port import BadAnswerError, ModelRefusalError, PageAnswer, UnreadablePageError
from extractor.extraction import extract_chunk
from feuilleton.contracts.documents import SourceSentence, Usage
from feuilleton.contracts.job_settings import JobSettings
from tests.unit.extractor.scripted_engine import CALL, ScriptedEngine, a_page_chunk, a_sentence, a_text_chunk, well

OLD = (a_sentence(1, "Il niarchait sur la rouie."), a_sentence(2, "La nuil tombait."))
READ_ANEW = PageAnswer((("Il marchait sur la route.", False),), CALL)
REFUSALS = [
    UnreadablePageError(),
    ModelRefusalError("", code="recitation", usage=Usage()),
]


async def sources(*pages: PageAnswer | Exception, held: Sequence[SourceSentence] = OLD) -> list[str]:
    chunk = a_page_chunk().model_copy(update={"sentences": tuple(held)})
    checkpoint = await extract_chunk(chunk, ScriptedEngine([well], pages=pages), b"%PDF")
    return [sentence.text for sentence in checkpoint.sentences]


async def test_a_page_that_the_engine_reads_is_taken_from_its_image() -> None:
    assert await sources(READ_ANEW) == ["Il marchait sur la route."]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_the_old_text_stands_in_for_a_page_that_cannot_be_read(refusal: Exception) -> None:
    assert await sources(refusal) == [sentence.text for sentence in OLD]


async def test_the_old_text_stands_in_for_answers_that_cannot_be_used() -> None:
    bad = BadAnswerError("no JSON", usage=Usage())
    assert await sources(bad, bad, bad) == [sentence.text for sentence in OLD]


async def test_a_page_in_whose_image_nothing_is_seen_keeps_its_text() -> None:
    assert await sources(PageAnswer(())) == [sentence.text for sentence in OLD]


async def test_a_page_without_any_text_fails_when_it_cannot_be_read() -> None:
    with pytest.raises(UnreadablePageError):
        await sources(UnreadablePageError(), held=())


async def test_a_picture_without_writing_is_no_failure() -> None:
    assert await sources(PageAnswer(()), held=()) == []


async def test_what_is_read_is_brought_into_the_form_that_the_job_asks_for() -> None:
    chunk = a_page_chunk().model_copy(update={"settings": JobSettings(preserve_formatting=False)})
    read = PageAnswer((("«\u00a0C’est l’heure\u202f!\u00a0»", True),), CALL)
    checkpoint = await extract_chunk(chunk, ScriptedEngine([well], pages=[read]), b"%PDF")
    assert [sentence.text for sentence in checkpoint.sentences] == ["« C'est l'heure ! »"]


async def test_half_a_sentence_at_the_edge_of_a_page_is_listed_and_no_card() -> None:
    read = PageAnswer((("vers la ville endormie.", False), ("Il dort.", False), ("Elle marchait sur la", False)), CALL)
    checkpoint = await extract_chunk(a_page_chunk(), ScriptedEngine([well], pages=[read]), b"%PDF")
    assert [card.text for card in checkpoint.cards] == ["Il dort."]
    assert [(one.source_id[-4:], one.reason) for one in checkpoint.dropped] == [
        ("0000", "cut_by_page"),
        ("0002", "cut_by_page"),
    ]


async def test_whole_sentences_at_the_edges_of_a_page_are_kept() -> None:
    read = PageAnswer((("— Il dort.", True), ("«\u00a0Elle aussi\u202f!\u00a0»", True)), CALL)
    checkpoint = await extract_chunk(a_page_chunk(), ScriptedEngine([well], pages=[read]), b"%PDF")
    assert checkpoint.dropped == ()


async def test_half_a_sentence_that_the_splitter_tells_is_listed_and_no_card() -> None:
    half = a_sentence(1, "vers la ville endormie.").model_copy(update={"cut_by_page": True})
    checkpoint = await extract_chunk(a_text_chunk([half, a_sentence(2, "Il dort.")]), ScriptedEngine([well]))
    assert [card.text for card in checkpoint.cards] == ["Il dort."]
    assert [(one.source_id, one.reason) for one in checkpoint.dropped] == [("s0001", "cut_by_page")]


async def test_the_edges_of_a_chunk_of_text_are_no_edges_of_pages() -> None:
    checkpoint = await extract_chunk(a_text_chunk([a_sentence(1, "vers la ville")]), ScriptedEngine([well]))
    assert checkpoint.dropped == ()
