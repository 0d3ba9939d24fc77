import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.card_lines import ForeignCardError, in_book_order
from feuilleton.contracts.documents import (
    CardDraft,
    CardMethod,
    Checkpoint,
    ChunkFailure,
    DroppedSentence,
    SourceSentence,
)
from feuilleton.contracts.events import Outcome
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine
from merger.assembly import assemble_chunk
from merger.report import Tally
from tests.seeded_books import SeededBook, a_book, a_checkpoint, a_failure

TITLES = {1: "Le port"}


def sentences(count: int, *, chapter: int = 1) -> tuple[SourceSentence, ...]:
    return tuple(
        SourceSentence(id=SentenceId(f"s{n}"), text=f"Phrase {n}.", page=n + 1, chapter=chapter) for n in range(count)
    )


def card(source: int, text: str = "Une carte.", *also: int) -> CardDraft:
    others = tuple(SentenceId(f"s{n}") for n in also)
    method = CardMethod.MERGED if also else CardMethod.CUT
    return CardDraft(source_id=SentenceId(f"s{source}"), text=text, method=method, also=others)


def checkpoint(cards: list[CardDraft], dropped: dict[int, str] | None = None) -> Checkpoint:
    return Checkpoint(
        job=a_book(1).job,
        index=0,
        text_hash="h",
        attempt=1,
        engine=Engine.LOCAL,
        model="",
        cards=tuple(cards),
        dropped=tuple(DroppedSentence(source_id=SentenceId(f"s{n}"), reason=r) for n, r in (dropped or {}).items()),
    )


def test_cards_come_in_the_order_of_the_book_and_those_of_one_sentence_in_their_own() -> None:
    made = checkpoint([card(2, "d"), card(0, "a"), card(1, "b"), card(1, "c")])
    lines = assemble_chunk(sentences(3), made, TITLES).cards
    assert [line.text for line in lines] == ["a", "b", "c", "d"]


def test_a_card_carries_the_sentence_page_and_chapter_that_it_came_from() -> None:
    (line,) = assemble_chunk(sentences(2), checkpoint([card(1)], {0: "too_short"}), TITLES).cards
    assert (line.source_text, line.page, line.chapter) == ("Phrase 1.", 2, "Le port")


def test_before_the_first_chapter_there_is_no_title() -> None:
    (line,) = assemble_chunk(sentences(1, chapter=0), checkpoint([card(0)]), TITLES).cards
    assert line.chapter is None


def test_a_merged_card_shows_all_its_sentences_and_represents_them() -> None:
    made = assemble_chunk(sentences(3), checkpoint([card(1, "Une carte.", 0, 2)]), TITLES)
    assert made.cards[0].source_text == "Phrase 0. Phrase 1. Phrase 2."
    assert made.represented == 3


def test_the_same_sentence_twice_gives_its_cards_twice() -> None:
    twin = tuple(one.model_copy(update={"text": "Oui."}) for one in sentences(2))
    made = assemble_chunk(twin, checkpoint([card(0, "Oui."), card(1, "Oui.")]), TITLES)
    assert [line.text for line in made.cards] == ["Oui.", "Oui."]


def test_a_sentence_that_the_checkpoint_forgot_is_listed() -> None:
    made = assemble_chunk(sentences(2), checkpoint([card(0)]), TITLES)
    assert [(line.source_id, line.reason) for line in made.dropped] == [("s1", "unaccounted")]


def test_a_dropped_sentence_is_listed_with_its_reason_and_the_last_verdict() -> None:
    dropped = (DroppedSentence(source_id=SentenceId("s0"), reason="invalid", detail="no_verb"),)
    made = assemble_chunk(sentences(1), checkpoint([]).model_copy(update={"dropped": dropped}), TITLES)
    assert [(line.reason, line.detail) for line in made.dropped] == [("invalid", "no_verb")]


def test_a_card_of_a_foreign_sentence_is_refused() -> None:
    with pytest.raises(ForeignCardError):
        assemble_chunk(sentences(1), checkpoint([card(7)]), TITLES)


@pytest.mark.heavy
@given(st.data())
def test_every_sentence_is_represented_or_dropped_and_no_card_is_lost(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    drafts = data.draw(
        st.lists(
            st.builds(
                lambda source, also: card(source, f"Carte {source}.", *(n for n in also if n != source)),
                st.integers(0, count - 1),
                st.sets(st.integers(0, count - 1), max_size=2),
            ),
            max_size=12,
        )
    )
    reasons = data.draw(st.dictionaries(st.integers(0, count - 1), st.sampled_from(["refused", "too_short"])))
    made = assemble_chunk(sentences(count), checkpoint(drafts, reasons), TITLES)
    carded = {source for one in drafts for source in (one.source_id, *one.also)}
    listed = {line.source_id for line in made.dropped}
    assert carded | listed == {one.id for one in sentences(count)}
    assert not carded & listed
    assert made.represented + len(made.dropped) == count
    assert sorted(line.text for line in made.cards) == sorted(one.text for one in drafts)
    assert [line.page for line in made.cards] == sorted(line.page for line in made.cards)
    written = [json.loads(line) for line in made.to_bytes().splitlines()]
    assert [line["text"] for line in written] == [line.text for line in made.cards]


def test_chunks_stand_in_the_splitters_order_whatever_their_pages() -> None:
    chunks = a_book(4).manifest.chunks
    late_page = chunks[2].model_copy(update={"pages": (1,)})
    manifest = a_book(4).manifest.model_copy(update={"chunks": (chunks[3], late_page, chunks[0], chunks[1])})
    assert [one.index for one in in_book_order(manifest)] == [0, 1, 2, 3]


def tally_of(book: SeededBook, failing: frozenset[int]) -> tuple[Tally, bytes]:
    tally, written = Tally(), b""
    for message, chunk in zip(book.chunks, book.manifest.chunks, strict=True):
        if chunk.index in failing:
            tally.miss(chunk, a_failure(message))
            continue
        good = a_checkpoint(message)
        made = assemble_chunk(message.sentences, good, TITLES)
        tally.add(chunk, good, made, len(made.to_bytes()))
        written += made.to_bytes()
    return tally, written


@given(st.sets(st.integers(0, 4), max_size=4))
def test_the_figures_of_a_report_add_up_and_its_ranges_cut_the_cards(failing: set[int]) -> None:
    book = a_book(5)
    tally, written = tally_of(book, frozenset(failing))
    report = tally.report(book.manifest, attempt=2)
    missing = sum(book.manifest.chunks[index].sentences for index in failing)
    assert report.source_sentences == book.manifest.source_sentences
    assert report.represented + len(report.dropped) + missing == report.source_sentences
    assert [chunk.index for chunk in report.chunks] == [0, 1, 2, 3, 4]
    assert [chunk.index for chunk in report.missing] == sorted(failing)
    for chunk in report.chunks:
        assert len(written[chunk.start : chunk.end].splitlines()) == chunk.cards
        assert (chunk.cards == 0) == (chunk.index in failing)
    assert report.chunks[-1].end == len(written)
    assert sum(report.cards_by_method.values()) == report.cards == len(written.splitlines())
    assert report.usage.tokens == 100 * (5 - len(failing))


def test_the_outcome_is_partial_with_one_chunk_missing_and_failed_with_all() -> None:
    book = a_book(3)
    cases: list[frozenset[int]] = [frozenset(), frozenset({1}), frozenset({0, 1, 2})]
    outcomes = [tally_of(book, failing)[0].outcome for failing in cases]
    assert outcomes == [Outcome.COMPLETED, Outcome.PARTIAL, Outcome.FAILED]


def test_different_codes_are_told_as_several() -> None:
    book = a_book(2)
    tally = Tally()
    for message, chunk, code in zip(book.chunks, book.manifest.chunks, ("refused", "deadline_exceeded"), strict=True):
        tally.miss(chunk, a_failure(message, code))
    assert tally.code == "chunks_failed"
    assert tally_of(book, frozenset({0, 1}))[0].code == "refused"
    assert tally_of(book, frozenset())[0].code is None


def test_the_words_of_read_pages_count_among_the_books() -> None:
    book = a_book(1)
    read = (SourceSentence(id=SentenceId("p1"), text="Trois mots lus.", page=9),)
    cards = (CardDraft(source_id=SentenceId("p1"), text="Trois mots lus.", method=CardMethod.VERBATIM),)
    good = a_checkpoint(book.chunks[0]).model_copy(update={"sentences": read, "cards": cards})
    tally = Tally()
    tally.add(book.manifest.chunks[0], good, assemble_chunk(read, good, TITLES), 10)
    report = tally.report(book.manifest, attempt=1)
    assert (report.words, report.source_sentences, report.mean_card_words) == (book.manifest.words + 3, 1, 3.0)


def test_a_failure_costs_tokens_that_are_told() -> None:
    book = a_book(1)
    tally = Tally()
    failure: ChunkFailure = a_failure(book.chunks[0])
    tally.miss(book.manifest.chunks[0], failure)
    assert (tally.failed_tokens, tally.usage.tokens) == (7, 0)
