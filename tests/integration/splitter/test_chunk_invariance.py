"""The same cards, whatever the size of the chunks: what an engine is asked, and what the local engine answers."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.measures.fidelity import read_pdf
from extractor.engines.local.engine import LocalEngine, LocalOptions
from extractor.extraction import extract_chunk
from extractor.lexicon import french
from extractor.planning import plan_chunk
from feuilleton.contracts.documents import CardDraft, ChunkKind, DroppedSentence, SourceSentence
from feuilleton.contracts.events import ChunkSubmitted
from feuilleton.contracts.ids import JobId, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.french.segmentation import split_paragraph
from feuilleton_sample.markup import parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup
from splitter.chunking import plan_chunks
from tests.integration.splitter.reading import NOVELS

WORDS = ("Oui", "Elle dort", "Il marche", "vers la ville", "et se tait", "dans la nuit")
SMALL, USUAL, LARGE = 150, 1_000, 1_000_000


@dataclass(frozen=True)
class Asked:
    """What stands in cards without an engine, and what it is asked: each sentence with the one before it."""

    cards: tuple[CardDraft, ...]
    wanted: tuple[tuple[str, str], ...]
    dropped: tuple[DroppedSentence, ...]


def chunks_of(sentences: Sequence[SourceSentence], target: int, chosen: JobSettings) -> list[ChunkSubmitted]:
    """The orders for a book's chunks of about `target` words, as the splitter makes them."""
    planned = plan_chunks(sentences, (), min_sentence_length=chosen.min_sentence_length, target_words=target)
    befores = ["", *(chunk.sentences[-1].text for chunk in planned)]
    return [
        ChunkSubmitted(
            job=JobId("job-1"),
            tenant=TenantId("default"),
            index=index,
            total=len(planned),
            chunk_kind=ChunkKind.TEXT,
            text_hash="0",
            settings=chosen,
            engine=Engine.LOCAL,
            model="",
            pages=chunk.pages,
            sentences=chunk.sentences,
            before=before,
        )
        for index, (chunk, before) in enumerate(zip(planned, befores, strict=False))
    ]


def asked(sentences: Sequence[SourceSentence], target: int, chosen: JobSettings) -> Asked:
    cards: list[CardDraft] = []
    wanted: list[tuple[str, str]] = []
    dropped: list[DroppedSentence] = []
    for chunk in chunks_of(sentences, target, chosen):
        plan = plan_chunk(chunk.sentences, chosen, french())
        cards += plan.cards
        dropped += plan.dropped
        befores = (chunk.before, *(sentence.text for sentence in chunk.sentences))
        beside = {sentence.id: before for sentence, before in zip(chunk.sentences, befores, strict=False)}
        wanted += [(sentence, beside[sentence]) for sentence in plan.wanted]
    return Asked(tuple(cards), tuple(wanted), tuple(dropped))


@st.composite
def books(draw: st.DrawFn) -> list[SourceSentence]:
    """Short and long sentences, in paragraphs of a few, some of them speech, some without a word."""
    sentences: list[SourceSentence] = []
    paragraph, chapter = 0, 1
    for number in range(draw(st.integers(0, 80))):
        paragraph += draw(st.booleans())
        chapter += draw(st.sampled_from([0] * 9 + [1]))
        parts = draw(st.lists(st.sampled_from(WORDS), min_size=0, max_size=5))
        speech = draw(st.booleans())
        text = ("— " if speech and draw(st.booleans()) else "") + (" ".join(parts) + "." if parts else "* * *")
        sentences.append(
            SourceSentence(
                id=SentenceId(f"s{number + 1:06d}"),
                text=text,
                page=1 + number // 10,
                chapter=chapter,
                paragraph=paragraph,
                dialogue=speech,
            )
        )
    return sentences


@st.composite
def choices(draw: st.DrawFn) -> JobSettings:
    least = draw(st.integers(1, 6))
    limit = draw(st.integers(max(3, least), 15))
    whole = draw(st.booleans())
    return JobSettings(sentence_length_limit=limit, min_sentence_length=least, ignore_dialogue=whole)


@given(books(), choices(), st.integers(5, 60), st.integers(61, 400))
@settings(max_examples=200, deadline=None)
def test_cards_and_questions_are_the_same_for_any_two_sizes(
    book: list[SourceSentence], chosen: JobSettings, small: int, large: int
) -> None:
    assert asked(book, small, chosen) == asked(book, large, chosen) == asked(book, LARGE, chosen)


@pytest.fixture(scope="module")
def novels(shared_data: Path) -> dict[str, list[SourceSentence]]:
    return {name: sentences_of(shared_data, name) for name in NOVELS}


def sentences_of(shared_data: Path, name: str) -> list[SourceSentence]:
    """A novel's sentences as the text has them: what printing does to them is another test's."""
    raw = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
    paragraphs = plain_text(parse_novel(raw_to_markup(raw, NOVELS[name])))
    spans = [(number, span) for number, text in enumerate(paragraphs) for span in split_paragraph(text)]
    return [
        SourceSentence(
            id=SentenceId(f"s{at + 1:06d}"), text=span.text, page=1, paragraph=number, dialogue=span.dialogue
        )
        for at, (number, span) in enumerate(spans)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", NOVELS)
def test_whole_novels_ask_the_same_for_any_size(name: str, novels: dict[str, list[SourceSentence]]) -> None:
    for chosen in (JobSettings(), JobSettings(min_sentence_length=5, sentence_length_limit=12, ignore_dialogue=True)):
        usual = asked(novels[name], USUAL, chosen)
        assert len(usual.cards) > 1_000
        assert asked(novels[name], SMALL, chosen) == usual == asked(novels[name], LARGE, chosen)


@pytest.fixture
async def engine() -> AsyncIterator[LocalEngine]:
    opened = LocalEngine(LocalOptions(workers=2, timeout_seconds=600))
    yield opened
    await opened.close()


async def answered(
    engine: LocalEngine, sentences: Sequence[SourceSentence], target: int
) -> tuple[list[CardDraft], list[DroppedSentence]]:
    made = [await extract_chunk(chunk, engine) for chunk in chunks_of(sentences, target, JobSettings())]
    cards = [card for checkpoint in made for card in checkpoint.cards]
    return cards, [one for checkpoint in made for one in checkpoint.dropped]


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.slow
async def test_the_local_engine_cuts_the_sample_the_same_for_any_size(engine: LocalEngine, sample_pdf: Path) -> None:
    sentences = read_pdf(sample_pdf).sentences
    usual = await answered(engine, sentences, USUAL)
    assert len(usual[0]) > 400
    assert await answered(engine, sentences, SMALL) == usual == await answered(engine, sentences, LARGE)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", NOVELS)
async def test_the_local_engine_cuts_whole_novels_the_same_for_two_sizes(
    engine: LocalEngine, name: str, novels: dict[str, list[SourceSentence]]
) -> None:
    usual = await answered(engine, novels[name], USUAL)
    assert len(usual[0]) > len(novels[name]) // 6
    assert await answered(engine, novels[name], 300) == usual
