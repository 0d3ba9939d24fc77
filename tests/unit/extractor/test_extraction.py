import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.card_parsing import ParsedPredicate
from extractor.engines.port import BadAnswerError, ModelRefusalError, PageAnswer, RewriteAnswer, RewriteRequest
from extractor.extraction import Extraction, NoUsableAnswerError, extract_chunk
from extractor.repairs import RepairLimits
from feuilleton.contracts.documents import CardMethod, Checkpoint, DroppedSentence, SourceSentence, Usage
from feuilleton.contracts.errors import PipelineError, QuotaExceededError, TransientError
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine, JobSettings
from tests.unit.extractor.scripted_engine import (
    CALL,
    Behaviour,
    ScriptedEngine,
    a_draft,
    a_long_sentence,
    a_page_chunk,
    a_sentence,
    a_text_chunk,
    answers,
    good_card,
    listed,
    raises,
    represented,
    well,
)

REFUSED = ModelRefusalError("finished with SAFETY", code="safety", usage=CALL)
BAD = BadAnswerError("not JSON", usage=CALL)
LONG = tuple(a_long_sentence(number) for number in range(8))


async def test_a_chunk_without_long_sentences_asks_no_engine() -> None:
    engine = ScriptedEngine([well])
    checkpoint = await extract_chunk(a_text_chunk([a_sentence(0, "Il vint."), a_sentence(1, "Elle partit.")]), engine)
    assert [card.text for card in checkpoint.cards] == ["Il vint.", "Elle partit."]
    assert engine.requests == []
    assert checkpoint.usage == Usage()


async def test_one_call_asks_for_all_long_sentences_and_shows_the_others_as_context() -> None:
    sentences = [a_sentence(0, "Il vint."), a_long_sentence(1), a_sentence(2, "Elle partit."), a_long_sentence(3)]
    engine = ScriptedEngine([well])
    checkpoint = await extract_chunk(a_text_chunk(sentences), engine)
    (request,) = engine.requests
    assert request.wanted == ("s0001", "s0003")
    assert request.sentences == tuple(sentences)
    assert request.before == "La nuit finissait."
    assert [card.source_id for card in checkpoint.cards] == ["s0000", "s0001", "s0002", "s0003"]
    assert checkpoint.usage.billed_tokens == CALL.tokens


async def test_cards_stand_in_book_order_whatever_the_order_of_the_answer() -> None:
    def backwards(request: RewriteRequest) -> RewriteAnswer:
        return RewriteAnswer(cards=tuple(reversed(well(request).cards)), usage=CALL)

    checkpoint = await extract_chunk(a_text_chunk(LONG), ScriptedEngine([backwards]))
    assert represented(checkpoint) == [sentence.id for sentence in LONG]


async def test_only_the_sentences_that_were_missed_are_asked_again() -> None:
    def half(request: RewriteRequest) -> RewriteAnswer:
        return RewriteAnswer(cards=well(request).cards[::2], usage=CALL)

    engine = ScriptedEngine([half, well])
    checkpoint = await extract_chunk(a_text_chunk(LONG), engine)
    assert engine.requests[1].wanted == ("s0001", "s0003", "s0005", "s0007")
    assert represented(checkpoint) == [sentence.id for sentence in LONG]
    assert checkpoint.usage.repairs == 1
    assert checkpoint.usage.tokens == 2 * CALL.tokens
    assert checkpoint.usage.billed_tokens == CALL.tokens


async def test_a_source_with_one_bad_card_is_asked_again_as_a_whole() -> None:
    faulty = answers({"s0000": ["Marin0 monta.", "Marin0 inventa des licornes."]})
    engine = ScriptedEngine([faulty, answers({"s0000": ["Marin0 monta sur le pont.", "Le jour parut."]})])
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), engine)
    assert [card.text for card in checkpoint.cards] == ["Marin0 monta sur le pont.", "Le jour parut."]
    assert checkpoint.verdicts == {"invented": 1, "ok": 3}


async def test_when_the_budget_is_spent_the_good_cards_of_the_best_answer_are_kept_and_flagged() -> None:
    faulty = answers({"s0000": ["Marin0 monta.", "Marin0 inventa des licornes."]})
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), ScriptedEngine([faulty]))
    (card,) = checkpoint.cards
    assert (card.text, card.flags) == ("Marin0 monta.", ("incomplete",))
    assert checkpoint.dropped == ()


async def test_invented_ids_are_counted_and_left_out() -> None:
    engine = ScriptedEngine([answers({"s0000": ["Marin0 monta."], "s0999": ["Il vint."]})])
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), engine)
    assert represented(checkpoint) == ["s0000"]
    assert checkpoint.verdicts["unknown_id"] == 1


async def test_a_card_said_twice_is_kept_once() -> None:
    engine = ScriptedEngine([answers({"s0000": ["Marin0 monta.", "Marin0 monta !"]})])
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), engine)
    assert [card.text for card in checkpoint.cards] == ["Marin0 monta."]
    assert len(engine.requests) == 1


async def test_one_refused_sentence_costs_itself_and_not_its_neighbours() -> None:
    def refuse_one(request: RewriteRequest) -> RewriteAnswer:
        if "s0005" in request.wanted:
            raise REFUSED
        return well(request)

    engine = ScriptedEngine([refuse_one])
    checkpoint = await extract_chunk(a_text_chunk(LONG), engine)
    assert listed(checkpoint) == ["s0005"]
    assert checkpoint.dropped[0].reason == "refused"
    assert checkpoint.dropped[0].detail == "safety"
    assert len(engine.requests) <= 1 + RepairLimits().calls


async def test_a_sentence_refused_alone_is_asked_once_more_in_other_words_and_then_listed() -> None:
    engine = ScriptedEngine([raises(REFUSED)])
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), engine)
    assert [request.repair_round for request in engine.requests] == [0, 1]
    assert listed(checkpoint) == ["s0000"]


async def test_a_sentence_that_one_model_refuses_in_any_words_goes_to_the_other() -> None:
    def refuse(request: RewriteRequest) -> RewriteAnswer:
        if request.model == "gemini-2.5-flash" and "s0005" in request.wanted:
            raise REFUSED
        return well(request)

    engine = ScriptedEngine([refuse], others={"gemini-2.5-flash": "another"})
    checkpoint = await extract_chunk(a_text_chunk(LONG), engine)
    assert checkpoint.dropped == ()
    last = engine.requests[-1]
    assert (last.model, last.wanted, last.after_refusal) == ("another", ("s0005",), True)
    assert [request.model for request in engine.requests].count("another") == 1
    assert engine.requests[-2].wanted == last.wanted
    assert engine.requests[-2].after_refusal


@pytest.mark.parametrize("error", [REFUSED, BAD, PipelineError("no such model", code="model_not_found")])
async def test_what_the_other_model_cannot_do_either_is_listed_with_the_refusal_and_spoils_nothing(
    error: PipelineError,
) -> None:
    def fail(request: RewriteRequest) -> RewriteAnswer:
        if request.model == "another":
            raise error
        if "s0005" in request.wanted:
            raise REFUSED
        return well(request)

    engine = ScriptedEngine([fail], others={"gemini-2.5-flash": "another"})
    checkpoint = await extract_chunk(a_text_chunk(LONG), engine)
    assert listed(checkpoint) == ["s0005"]
    assert engine.requests[-1].model == "another"


@pytest.mark.parametrize("refused", list(itertools.combinations(range(0, 40, 9), 2)))
async def test_two_refused_sentences_of_a_chunk_cost_themselves_and_none_of_the_forty(refused: tuple[int, int]) -> None:
    culprits = {f"s{number:04d}" for number in refused}

    def refuse(request: RewriteRequest) -> RewriteAnswer:
        if culprits & set(request.wanted):
            raise REFUSED
        return well(request)

    engine = ScriptedEngine([refuse], others={"gemini-2.5-flash": "another"})
    sentences = [a_long_sentence(number) for number in range(40)]
    assert set(listed(await extract_chunk(a_text_chunk(sentences), engine))) == culprits
    assert len(engine.requests) <= 1 + RepairLimits().calls


async def test_a_repair_says_what_was_wrong_with_the_cards() -> None:
    faulty = answers({"s0000": ["Marin0 monta sur le pont du navire avant le jour."]})
    engine = ScriptedEngine([faulty, well])
    await extract_chunk(a_text_chunk(LONG[:2]), engine)
    assert engine.requests[0].faults == {}
    assert engine.requests[1].faults == {"s0000": "too_long"}


SHORT = [a_sentence(0, "Marin monta sur le pont."), a_sentence(1, "Jamais."), a_sentence(2, "Elle partit.")]


async def test_a_sentence_under_the_minimum_is_sent_to_be_joined_with_the_one_ahead() -> None:
    engine = ScriptedEngine([answers({"s0001": ["Jamais Marin monta."]})])
    checkpoint = await extract_chunk(a_text_chunk(SHORT), engine)
    assert [card.text for card in checkpoint.cards] == [SHORT[0].text, "Jamais Marin monta.", SHORT[2].text]
    assert [request.wanted for request in engine.requests] == [("s0001",)]
    assert engine.requests[0].sentences == tuple(SHORT)


@pytest.mark.parametrize("behaviour", [answers({}), answers({"s0001": ["Jamais."]}), raises(REFUSED), raises(BAD)])
async def test_a_short_sentence_that_the_model_does_not_join_stays_as_it_is_and_is_not_asked_again(
    behaviour: Behaviour,
) -> None:
    engine = ScriptedEngine([behaviour])
    checkpoint = await extract_chunk(a_text_chunk(SHORT), engine)
    assert [card.text for card in checkpoint.cards] == [sentence.text for sentence in SHORT]
    assert "short" in checkpoint.cards[1].flags
    assert checkpoint.dropped == ()
    assert len(engine.requests) == 1


@pytest.mark.parametrize(
    ("sentences", "settings", "name"),
    [
        (SHORT, JobSettings(), Engine.LOCAL),
        ([a_sentence(1, "— Jamais.", dialogue=True)], JobSettings(ignore_dialogue=True), Engine.GEMINI),
        (SHORT, JobSettings(min_sentence_length=1), Engine.GEMINI),
    ],
)
async def test_no_engine_is_asked_for_short_sentences_that_it_cannot_or_may_not_join(
    sentences: list[SourceSentence], settings: JobSettings, name: Engine
) -> None:
    engine = ScriptedEngine([well], name=name)
    checkpoint = await extract_chunk(a_text_chunk(sentences, settings), engine)
    assert [card.text for card in checkpoint.cards] == [sentence.text for sentence in sentences]
    assert engine.requests == []


async def test_a_short_sentence_with_nothing_ahead_of_it_in_the_book_stays_as_it_is() -> None:
    engine = ScriptedEngine([well])
    chunk = a_text_chunk([a_sentence(0, "Jamais.")]).model_copy(update={"before": ""})
    assert [card.text for card in (await extract_chunk(chunk, engine)).cards] == ["Jamais."]
    assert engine.requests == []


async def test_a_repair_after_refusals_leaves_the_neighbours_out() -> None:
    engine = ScriptedEngine([raises(BAD)])
    await extract_chunk(a_text_chunk(LONG[:4]), engine)
    last = engine.requests[-1]
    assert last.repair_round >= 3
    assert tuple(sentence.id for sentence in last.sentences) == last.wanted
    assert last.before == ""


async def test_a_chunk_that_gets_no_usable_answer_at_all_fails_so_that_a_new_attempt_may_redo_it() -> None:
    extraction = Extraction(a_text_chunk(LONG), ScriptedEngine([raises(BAD)]))
    with pytest.raises(NoUsableAnswerError):
        await extraction.run()
    assert extraction.usage.calls == 1 + RepairLimits().calls - RepairLimits().calls_for_refusals
    assert extraction.usage.billed_tokens == 0


async def test_what_the_engine_declines_is_final_and_listed_with_its_reason() -> None:
    declined = DroppedSentence(source_id=SentenceId("s0000"), reason="needs_model")
    engine = ScriptedEngine([lambda _: RewriteAnswer(cards=(), declined=(declined,), usage=CALL)])
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), engine)
    assert checkpoint.dropped == (declined,)
    assert len(engine.requests) == 1


async def test_an_engine_that_always_answers_the_same_is_asked_once() -> None:
    engine = ScriptedEngine([lambda _: RewriteAnswer(cards=(), usage=CALL)], name=Engine.LOCAL)
    checkpoint = await extract_chunk(a_text_chunk(LONG[:4]), engine)
    assert len(engine.requests) == 1
    assert {each.reason for each in checkpoint.dropped} == {"missed"}


@pytest.mark.parametrize("error", [TransientError("503"), QuotaExceededError("429", retry_after_seconds=1)])
async def test_after_a_transient_error_only_the_call_that_failed_is_made_again(error: TransientError) -> None:
    def half(request: RewriteRequest) -> RewriteAnswer:
        return RewriteAnswer(cards=well(request).cards[::2], usage=CALL)

    engine = ScriptedEngine([half, raises(error), well])
    extraction = Extraction(a_text_chunk(LONG), engine)
    with pytest.raises(type(error)):
        await extraction.run()
    checkpoint = await extraction.run()
    assert engine.requests[1] == engine.requests[2]
    assert len(engine.requests) == 3
    assert checkpoint.usage.tokens == 2 * CALL.tokens


async def test_a_cancelled_call_leaves_the_extraction_ready_to_go_on() -> None:
    def cancel(_: RewriteRequest) -> RewriteAnswer:
        raise asyncio.CancelledError

    extraction = Extraction(a_text_chunk(LONG), ScriptedEngine([cancel, well]))
    with pytest.raises(asyncio.CancelledError):
        await extraction.run()
    assert represented(await extraction.run()) == [sentence.id for sentence in LONG]


async def test_a_permanent_error_goes_through() -> None:
    extraction = Extraction(a_text_chunk(LONG), ScriptedEngine([raises(PipelineError("key", code="model_auth"))]))
    with pytest.raises(PipelineError) as caught:
        await extraction.run()
    assert caught.value.code == "model_auth"


async def test_a_page_is_read_and_its_sentences_kept_in_the_checkpoint() -> None:
    page = PageAnswer((("Il vint.", False), (LONG[0].text, False), (" ", False), ("— Oui.", True)), usage=CALL)
    engine = ScriptedEngine([well], pages=[page])
    checkpoint = await extract_chunk(a_page_chunk(), engine, b"%PDF-")
    assert engine.page_requests[0].page == 12
    assert [(s.id, s.page, s.chapter) for s in checkpoint.sentences] == [
        ("p00012-0000", 12, 2),
        ("p00012-0001", 12, 2),
        ("p00012-0003", 12, 2),
    ]
    assert represented(checkpoint) == [sentence.id for sentence in checkpoint.sentences]
    assert checkpoint.usage.calls == 2


async def test_a_page_that_was_read_is_not_read_again_after_a_transient_error() -> None:
    page = PageAnswer(((LONG[0].text, False),), usage=CALL)
    engine = ScriptedEngine([raises(TransientError("503")), well], pages=[page])
    extraction = Extraction(a_page_chunk(), engine, b"%PDF-")
    with pytest.raises(TransientError):
        await extraction.run()
    assert len((await extraction.run()).cards) == 1
    assert len(engine.page_requests) == 1


async def test_a_page_that_never_comes_in_the_agreed_form_fails_its_chunk_within_a_budget() -> None:
    engine = ScriptedEngine([well], pages=[BAD] * 10)
    with pytest.raises(BadAnswerError):
        await extract_chunk(a_page_chunk(), engine, b"%PDF-")
    assert len(engine.page_requests) == 3


async def test_a_page_chunk_without_its_page_fails_clearly() -> None:
    with pytest.raises(PipelineError) as caught:
        await extract_chunk(a_page_chunk(), ScriptedEngine([well]))
    assert caught.value.code == "page_missing"


SENTENCES = st.lists(
    st.sampled_from(["…", "Oui.", "Il vint.", "Elle lui parla.", LONG[0].text, f"{LONG[1].text} {LONG[2].text}"]),
    max_size=12,
).map(lambda texts: [a_sentence(number, text, paragraph=number // 4) for number, text in enumerate(texts)])


def arbitrary_answer(draw: st.DrawFn, request: RewriteRequest) -> RewriteAnswer:
    """Anything an engine may do: refuse, fail, miss, invent, repeat, decline, or answer well."""
    kind = draw(st.sampled_from(["answer", "answer", "refuse", "bad", "transient"]))
    if kind == "refuse":
        raise REFUSED
    if kind == "bad":
        raise BAD
    if kind == "transient":
        raise TransientError("503")
    sources = draw(st.lists(st.sampled_from([*(s.id for s in request.sentences), SentenceId("invented")])))
    drafts = [
        a_draft(
            source, draw(st.sampled_from(["Il est là.", "Licornes !", "", "qui que", good_card_of(request, source)]))
        )
        for source in sources
    ]
    declined = draw(st.lists(st.sampled_from(sources or [SentenceId("invented")]), max_size=1))
    reasons = tuple(DroppedSentence(source_id=source, reason="needs_model") for source in declined)
    return RewriteAnswer(cards=tuple(drafts), declined=reasons, usage=CALL)


def good_card_of(request: RewriteRequest, source: SentenceId) -> str:
    known = {sentence.id for sentence in request.sentences}
    return good_card(request, source) if source in known else "Il vint."


@pytest.mark.heavy
@given(data=st.data(), sentences=SENTENCES, calls=st.integers(0, 6), rounds=st.integers(0, 4))
def test_every_sentence_is_in_a_card_or_dropped_and_the_budget_holds(
    data: st.DataObject, sentences: list[SourceSentence], calls: int, rounds: int
) -> None:
    engine = ScriptedEngine([lambda request: data.draw(st.composite(arbitrary_answer)(request))])
    extraction = Extraction(a_text_chunk(sentences), engine, limits=RepairLimits(rounds, calls))
    checkpoint, transient = None, 0
    while checkpoint is None:
        try:
            checkpoint = asyncio.run(extraction.run())
        except TransientError:
            transient += 1
        except NoUsableAnswerError:
            break
    assert len(engine.requests) - transient <= 1 + calls
    assert extraction.usage.calls == len(engine.requests) - transient
    if checkpoint is not None:
        shown = represented(checkpoint)
        assert set(shown).isdisjoint(listed(checkpoint))
        assert set(shown) | set(listed(checkpoint)) == {sentence.id for sentence in sentences}
        assert max(Counter(listed(checkpoint)).values(), default=1) == 1
        assert shown == sorted(shown)


async def test_dialogue_stays_whole_when_the_job_asks_for_it() -> None:
    spoken = a_sentence(0, f"— {LONG[0].text}", dialogue=True)
    engine = ScriptedEngine([well])
    checkpoint = await extract_chunk(a_text_chunk([spoken], JobSettings(ignore_dialogue=True)), engine)
    (card,) = checkpoint.cards
    assert (card.text, card.method, card.flags) == (spoken.text, CardMethod.VERBATIM, ("whole_dialogue",))
    assert engine.requests == []


async def test_an_answer_that_was_paid_for_is_kept_when_judging_it_is_cut_off() -> None:
    class CutOffOnce:
        """A parser whose first call is cancelled from without."""

        calls = 0

        async def parse_cards(self, texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
            self.calls += 1
            if self.calls == 1:
                raise asyncio.CancelledError
            return [None] * len(texts)

    engine = ScriptedEngine([answers({"s0000": ["Sur le pont monta Marin0."]})])
    extraction = Extraction(a_text_chunk(LONG[:1]), engine, parser=CutOffOnce())
    with pytest.raises(asyncio.CancelledError):
        await extraction.run()
    checkpoint = await extraction.run()
    assert [card.text for card in checkpoint.cards] == ["Sur le pont monta Marin0."]
    assert (len(engine.requests), checkpoint.usage.calls) == (1, 1)


async def test_the_checkpoint_holds_the_figures_of_its_cards() -> None:
    checkpoint = await extract_chunk(a_text_chunk([*LONG[:2], a_sentence(2, "Oui.")]), ScriptedEngine([well]))
    assert checkpoint.quality is not None
    assert (checkpoint.quality.made.cards, checkpoint.quality.book.cards) == (2, 1)
    assert checkpoint.quality.made.faulty == 0


async def test_an_older_checkpoint_without_figures_is_read() -> None:
    checkpoint = await extract_chunk(a_text_chunk(LONG[:1]), ScriptedEngine([well]))
    older = checkpoint.model_dump(mode="json", exclude={"quality"})
    assert Checkpoint.model_validate(older).quality is None
