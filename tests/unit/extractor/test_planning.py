from hypothesis import assume, given
from hypothesis import strategies as st

from extractor.lexicon import french
from extractor.planning import decide_fragments, plan_chunk
from feuilleton.contracts.documents import CardMethod, SourceSentence
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words
from tests.unit.extractor.scripted_engine import a_sentence

SETTINGS = JobSettings()


def texts_of(sentences: list[SourceSentence], settings: JobSettings = SETTINGS) -> list[str]:
    return [card.text for card in plan_chunk(sentences, settings, french()).cards]


def test_sentences_within_the_limit_pass_unchanged() -> None:
    plan = plan_chunk([a_sentence(0, "Il pleuvait.")], SETTINGS, french())
    assert plan.cards[0].text == "Il pleuvait."
    assert plan.cards[0].method is CardMethod.VERBATIM
    assert plan.cards[0].flags == ()


def test_a_sentence_without_a_verb_passes_as_a_fragment() -> None:
    plan = plan_chunk([a_sentence(0, "Une belle soirée d'été !")], SETTINGS, french())
    assert plan.cards[0].flags == ("fragment",)


def test_a_sentence_over_the_limit_is_wanted() -> None:
    plan = plan_chunk([a_sentence(0, "un deux trois quatre cinq six sept huit neuf.")], SETTINGS, french())
    assert plan.wanted == ("s0000",)


def test_a_sentence_under_the_minimum_joins_the_one_before_it() -> None:
    plan = plan_chunk(
        [a_sentence(0, "Il vint.", paragraph=0), a_sentence(1, "Enfin.", paragraph=0)], SETTINGS, french()
    )
    (card,) = plan.cards
    assert (card.text, card.method, card.source_id, card.also) == (
        "Il vint. Enfin.",
        CardMethod.MERGED,
        "s0000",
        ("s0001",),
    )


def test_the_first_sentence_under_the_minimum_joins_the_one_after_it() -> None:
    assert texts_of([a_sentence(0, "Oui.", paragraph=0), a_sentence(1, "Je viens demain.", paragraph=0)]) == [
        "Oui. Je viens demain."
    ]


def test_a_short_sentence_without_a_neighbour_to_join_passes_with_a_flag() -> None:
    alone = plan_chunk(
        [a_sentence(0, "Oui.", paragraph=0), a_sentence(1, "Je viens.", paragraph=1)], SETTINGS, french()
    )
    assert [card.flags for card in alone.cards] == [("fragment", "short"), ()]


def test_voices_are_not_joined() -> None:
    spoken = [a_sentence(0, "Il vint.", paragraph=0), a_sentence(1, "— Oui.", paragraph=0, dialogue=True)]
    assert texts_of(spoken) == ["Il vint.", "— Oui."]
    assert texts_of([a_sentence(0, "— Non.", paragraph=0), a_sentence(1, "— Si.", paragraph=0)]) == ["— Non.", "— Si."]


def test_sentences_are_not_joined_over_the_limit() -> None:
    long_one = a_sentence(0, "Un deux trois quatre cinq six sept huit.", paragraph=0)
    assert texts_of([long_one, a_sentence(1, "Neuf.", paragraph=0)]) == [long_one.text, "Neuf."]


def test_a_line_without_a_word_is_dropped() -> None:
    plan = plan_chunk([a_sentence(0, "* * *")], SETTINGS, french())
    assert [each.reason for each in plan.dropped] == ["no_words"]


WORDY = st.integers(0, 12).map(lambda count: " ".join(["mot"] * count) + ".")


@given(texts=st.lists(WORDY, max_size=30), settings=st.sampled_from([SETTINGS, JobSettings(min_sentence_length=4)]))
def test_cutting_a_chunk_away_from_short_sentences_changes_no_card(texts: list[str], settings: JobSettings) -> None:
    sentences = [a_sentence(number, text, paragraph=number // 7) for number, text in enumerate(texts)]
    whole = plan_chunk(sentences, settings, french())
    pieces: list[list[SourceSentence]] = [[]]
    for sentence in sentences:
        long_enough = count_words(sentence.text) >= settings.min_sentence_length
        if pieces[-1] and long_enough and count_words(pieces[-1][-1].text) >= settings.min_sentence_length:
            pieces.append([])
        pieces[-1].append(sentence)
    plans = [plan_chunk(piece, settings, french()) for piece in pieces]
    assert tuple(card for plan in plans for card in plan.cards) == whole.cards
    assert tuple(sentence for plan in plans for sentence in plan.wanted) == whole.wanted


# Text as books print it: spaces that do not break, odd marks, words and none.
PRINTED = st.text(alphabet="aeéluœ .,;…!?«»—-'’\u00a0\u202f", min_size=1, max_size=40)


@given(text=PRINTED, settings=st.sampled_from([SETTINGS, JobSettings(complete_only=True)]))
def test_a_sentence_within_the_limit_comes_out_byte_for_byte_or_is_dropped(text: str, settings: JobSettings) -> None:
    assume(count_words(text) <= SETTINGS.sentence_length_limit)
    plan = decide_fragments(plan_chunk([a_sentence(0, text)], settings, french()), (), settings)
    assert plan.wanted == ()
    if plan.dropped:
        assert (plan.cards, plan.dropped[0].reason) in [((), "no_words"), ((), "fragment")]
        assert plan.dropped[0].reason == "no_words" or settings.complete_only
    else:
        assert [card.text.encode() for card in plan.cards] == [text.encode()]
