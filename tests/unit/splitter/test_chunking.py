import itertools

from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.documents import ChunkKind, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.text import count_words
from splitter.chunking import MAX_CHUNK_BYTES, PlannedChunk, chunk_hash, page_hash, plan_chunks


def a_sentence(number: int, words: int = 10, page: int = 1, chapter: int = 1) -> SourceSentence:
    text = " ".join(["mot"] * words) + "."
    return SourceSentence(id=SentenceId(f"s{number:06d}"), text=text, page=page, chapter=chapter)


@st.composite
def books(draw: st.DrawFn) -> tuple[tuple[SourceSentence, ...], tuple[int, ...]]:
    """Sentences in page order and the pages without text between them."""
    lengths = draw(st.lists(st.integers(1, 40), max_size=120))
    page, chapter, sentences = 1, 0, []
    for number, words in enumerate(lengths, 1):
        page += draw(st.sampled_from([0, 0, 0, 1, 2]))
        chapter += draw(st.sampled_from([0, 0, 0, 0, 0, 1]))
        sentences.append(a_sentence(number, words, page, chapter))
    pictures = draw(st.sets(st.integers(1, page + 3), max_size=6))
    return tuple(sentences), tuple(pictures)


@given(books(), st.integers(1, 10), st.integers(20, 400))
def test_every_sentence_and_every_page_is_in_exactly_one_chunk_in_order(
    book: tuple[tuple[SourceSentence, ...], tuple[int, ...]], minimum: int, target: int
) -> None:
    sentences, pictures = book
    chunks = plan_chunks(sentences, pictures, min_sentence_length=minimum, target_words=target)
    assert tuple(itertools.chain.from_iterable(chunk.sentences for chunk in chunks)) == sentences
    assert [chunk.page for chunk in chunks if chunk.page is not None] == sorted(pictures)
    assert all(bool(chunk.sentences) != (chunk.page is not None) for chunk in chunks)


@given(books(), st.integers(1, 10), st.integers(20, 400))
def test_no_seam_stands_beside_a_short_sentence(
    book: tuple[tuple[SourceSentence, ...], tuple[int, ...]], minimum: int, target: int
) -> None:
    sentences, pictures = book
    chunks = plan_chunks(sentences, pictures, min_sentence_length=minimum, target_words=target)
    runs = [chunk.sentences for chunk in chunks if chunk.sentences]
    for before, after in itertools.pairwise(runs):
        assert count_words(before[-1].text) >= minimum
        assert count_words(after[0].text) >= minimum


@given(books(), st.integers(1, 10))
def test_where_a_page_stands_does_not_depend_on_the_size_of_chunks(
    book: tuple[tuple[SourceSentence, ...], tuple[int, ...]], minimum: int
) -> None:
    sentences, pictures = book

    def before_each_page(target: int) -> dict[int, int]:
        chunks = plan_chunks(sentences, pictures, min_sentence_length=minimum, target_words=target)
        seen, places = 0, {}
        for chunk in chunks:
            seen += len(chunk.sentences)
            if chunk.page is not None:
                places[chunk.page] = seen
        return places

    places = before_each_page(30)
    assert places == before_each_page(1000)
    for page, place in places.items():
        assert all(sentence.page <= page for sentence in sentences[:place][: place - 1]) or minimum > 1
        assert all(sentence.page >= page for sentence in sentences[place:])


@given(books(), st.integers(1, 10), st.integers(20, 400), st.integers(1, 4))
def test_a_doubtful_page_takes_exactly_its_own_sentences_for_any_size_of_chunks(
    book: tuple[tuple[SourceSentence, ...], tuple[int, ...]], minimum: int, target: int, step: int
) -> None:
    sentences, pictures = book
    doubtful = sorted({one.page for one in sentences} - set(pictures))[::step]
    chunks = plan_chunks(sentences, pictures, doubtful_pages=doubtful, min_sentence_length=minimum, target_words=target)
    assert tuple(itertools.chain.from_iterable(chunk.sentences for chunk in chunks)) == sentences
    assert [chunk.page for chunk in chunks if chunk.page is not None] == sorted((*pictures, *doubtful))
    for chunk in chunks:
        on_pages = {one.page for one in chunk.sentences}
        assert on_pages == {chunk.page} if chunk.page in doubtful else not on_pages & set(doubtful)


def test_a_footnote_on_an_earlier_page_than_the_sentence_before_it_disturbs_no_page() -> None:
    sentences = [a_sentence(1, page=1), a_sentence(2, page=2), a_sentence(3, page=1), a_sentence(4, page=4)]
    chunks = plan_chunks(sentences, [3], min_sentence_length=2)
    assert [len(chunk.sentences) for chunk in chunks] == [3, 0, 1]


def test_chunks_come_near_the_target_and_no_crumb_is_left() -> None:
    chunks = plan_chunks([a_sentence(n) for n in range(1, 1011)], [], min_sentence_length=2)
    words = [sum(count_words(one.text) for one in chunk.sentences) for chunk in chunks]
    assert sum(words) == 10_100
    assert all(500 <= count <= 1_500 for count in words)


def test_the_end_of_a_chapter_is_the_better_seam() -> None:
    sentences = [a_sentence(n, chapter=1 if n <= 70 else 2) for n in range(1, 201)]
    first, *_ = plan_chunks(sentences, [], min_sentence_length=2)
    assert {one.chapter for one in first.sentences} == {1}
    assert len(first.sentences) == 70


def test_a_page_between_two_pages_of_text_stands_between_their_sentences() -> None:
    sentences = [a_sentence(1, page=1), a_sentence(2, page=2), a_sentence(3, page=4)]
    kinds = [(chunk.kind, chunk.pages) for chunk in plan_chunks(sentences, [3], min_sentence_length=2)]
    assert kinds == [(ChunkKind.TEXT, (1, 2)), (ChunkKind.PAGE, (3,)), (ChunkKind.TEXT, (4,))]


def test_a_run_of_short_sentences_grows_until_a_message_cannot_hold_it() -> None:
    sentences = [a_sentence(n, words=1) for n in range(1, 6001)]
    chunks = plan_chunks(sentences, [], min_sentence_length=5)
    assert len(chunks) > 1
    assert all(sum(len(one.to_bytes()) for one in chunk.sentences) < 2 * MAX_CHUNK_BYTES for chunk in chunks)


def a_hash(chunk: PlannedChunk, before: str = "", model: str = "m", **settings: object) -> str:
    return chunk_hash(chunk, before, JobSettings.model_validate(settings), Engine.LOCAL, model)


def test_a_result_is_good_again_exactly_when_its_input_is_the_same() -> None:
    chunk = PlannedChunk((a_sentence(1),))
    same = a_hash(PlannedChunk((a_sentence(1),)))
    assert a_hash(chunk) == same
    others = [
        a_hash(PlannedChunk((a_sentence(2),))),
        a_hash(PlannedChunk((a_sentence(1, words=11),))),
        a_hash(PlannedChunk((a_sentence(1).model_copy(update={"dialogue": True}),))),
        a_hash(chunk, before="Avant."),
        a_hash(chunk, model="other"),
        a_hash(chunk, sentence_length_limit=9),
        a_hash(chunk, min_sentence_length=3),
        a_hash(chunk, ignore_dialogue=True),
    ]
    assert len({same, *others}) == 1 + len(others)
    assert a_hash(chunk, pages="1-3") == same, "which pages were asked for is in the text already"


def test_a_page_is_known_by_its_bytes() -> None:
    def of(body: bytes | None) -> str:
        return page_hash(PlannedChunk(page=3), body, JobSettings(), Engine.LOCAL, "m")

    assert of(b"a") == of(b"a")
    assert len({of(b"a"), of(b"b"), of(None)}) == 3


def test_a_doubtful_page_is_known_by_its_bad_text_too() -> None:
    def of(*sentences: SourceSentence) -> str:
        return page_hash(PlannedChunk(sentences, page=3), b"a", JobSettings(), Engine.LOCAL, "m")

    assert of(a_sentence(1)) == of(a_sentence(1)) != of()
