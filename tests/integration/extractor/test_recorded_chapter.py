"""A whole chapter answered by hand as a model would answer it, slips included: over HTTP, through repairs, judged.

The last chapter of the sample novel; recorded/le_pont.json holds its source sentences as the splitter made them and
three answers. The slips: one id missed and one invented, a card too long, one with an invented word, one that dangles,
and in the second answer still another that dangles.
"""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from extractor.extraction import Extraction
from feuilleton.contracts.documents import CardMethod, Checkpoint, SourceSentence
from feuilleton.contracts.text import count_words
from feuilleton_sample import parse_novel, plain_text, read_sample
from tests.fakes.engines import ENGINES, answered
from tests.fakes.models.plan import Plan, Recording
from tests.fakes.models.server import FakeModel
from tests.unit.extractor.scripted_engine import a_text_chunk

CHAPTER = Path(__file__).parents[2] / "recorded" / "le_pont.json"
MISSED, TOO_LONG, INVENTED, DANGLING = "s0046", "s0019", "s0029", "s0034"


class Phrase(BaseModel):
    id: str
    cartes: list[str]


class Call(BaseModel):
    """What was asked for, and the answer."""

    ids: list[str]
    phrases: list[Phrase]

    def recording(self) -> Recording:
        answer = {"phrases": [phrase.model_dump() for phrase in self.phrases]}
        return Recording(ids=tuple(self.ids), text=json.dumps(answer, ensure_ascii=False))


class RecordedChapter(BaseModel):
    sentences: list[SourceSentence]
    calls: list[Call]

    def expected_cards(self) -> dict[str, list[str]]:
        """By hand: the author's own words where they are short enough, else the last answer for the sentence."""
        cards = {sentence.id: [sentence.text] for sentence in self.sentences}
        answers = {phrase.id: phrase.cartes for call in self.calls for phrase in call.phrases}
        return {sentence: answers.get(sentence, own) for sentence, own in cards.items()}


@pytest.fixture(scope="module")
def chapter() -> RecordedChapter:
    return TypeAdapter(RecordedChapter).validate_json(CHAPTER.read_bytes())


Run = tuple[Checkpoint, FakeModel]


@pytest.fixture(params=sorted(ENGINES))
async def run(request: pytest.FixtureRequest, chapter: RecordedChapter) -> Run:
    """The checkpoint of the chapter, and the server that answered for it."""
    plan = Plan(recordings=tuple(call.recording() for call in chapter.calls))
    async with answered(request.param, plan) as (server, engine):
        return await Extraction(a_text_chunk(chapter.sentences), engine).run(), server


def test_the_recorded_sentences_are_the_chapter(chapter: RecordedChapter) -> None:
    said = " ".join(sentence.text for sentence in chapter.sentences).split()
    assert " ".join(said) in " ".join(" ".join(plain_text(parse_novel(read_sample()))).split())
    assert len(said) > 950


async def test_the_cards_are_the_good_ones_of_the_answers_and_the_authors_own_short_sentences(
    run: Run, chapter: RecordedChapter
) -> None:
    checkpoint, _ = run
    cards: dict[str, list[str]] = {}
    for card in checkpoint.cards:
        cards.setdefault(card.source_id, []).append(card.text)
    assert cards == chapter.expected_cards()
    assert list(cards) == [sentence.id for sentence in chapter.sentences]
    assert checkpoint.dropped == ()


async def test_each_slip_is_counted_under_its_own_name(run: Run) -> None:
    checkpoint, _ = run
    assert checkpoint.verdicts == {"ok": 166, "too_long": 1, "invented": 1, "dangling_end": 2, "unknown_id": 1}


async def test_only_sentences_over_the_limit_are_rewritten(run: Run, chapter: RecordedChapter) -> None:
    checkpoint, _ = run
    words = {sentence.id: count_words(sentence.text) for sentence in chapter.sentences}
    for card in checkpoint.cards:
        assert (card.method is CardMethod.REWRITTEN) == (words[card.source_id] > 8)
        assert 2 <= count_words(card.text) <= 8
        assert card.flags == ()


async def test_only_the_failing_sentences_are_asked_for_again(run: Run, chapter: RecordedChapter) -> None:
    checkpoint, server = run
    assert [list(ask.wanted) for ask in server.asks] == [call.ids for call in chapter.calls]
    assert list(server.asks[1].wanted) == [TOO_LONG, INVENTED, DANGLING, MISSED]
    assert list(server.asks[2].wanted) == [DANGLING]
    assert (checkpoint.usage.calls, checkpoint.usage.repairs) == (3, 2)


async def test_the_user_pays_for_the_first_answer_alone(run: Run) -> None:
    checkpoint, server = run
    usage, stats = checkpoint.usage, server.stats
    assert usage.tokens == stats.prompt_tokens + stats.output_tokens + stats.thinking_tokens
    assert 0 < usage.billed_tokens < usage.tokens
    expected = round(0.30 * usage.prompt_tokens + 2.50 * (usage.output_tokens + usage.thinking_tokens))
    # a_text_chunk names a Gemini model: at our own server the same name has the same price.
    assert usage.cost_microdollars == pytest.approx(expected, abs=2)
