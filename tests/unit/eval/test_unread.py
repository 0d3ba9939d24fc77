"""What is kept for the draws that count was not read before, and taught the rules nothing."""

import pytest

from eval.announced import ANNOUNCED, other_lists
from eval.novels import NOVELS, Part, novel_text, sentences_of
from eval.sheets import JUDGED, letters, sources_read

BORDER = 0.005  # of a novel; who counts in something other than words comes out a page off


@pytest.mark.usefixtures("shared_data")
def test_no_judged_source_stands_in_the_part_of_an_announced_draw() -> None:
    begin = min(draw.part.begin for draw in ANNOUNCED)
    assert sources_read(other_lists()) & unread_letters(begin + BORDER) == set()


def unread_letters(begin: float) -> set[str]:
    """The sentences that come only behind `begin` in their novel."""
    kept: set[str] = set()
    for novel in NOVELS:
        text = novel_text(novel)
        late = {letters(sentence.text) for sentence in sentences_of(text, Part(begin, 1))}
        kept |= late - {letters(sentence.text) for sentence in sentences_of(text, Part(0, begin))}
    return kept


@pytest.mark.usefixtures("shared_data")
def test_such_a_sentence_would_be_found() -> None:
    source = next(one for one in reversed(sentences_of(novel_text("Verne"))) if len(one.text) > 80)
    assert letters(source.text) in unread_letters(0.6)


def test_typography_does_not_hide_that_a_sentence_was_read() -> None:
    assert letters("« L’été\u202f! » dit-il…") == letters("- L'été! dit il...")


def test_the_draws_that_count_are_no_other_lists() -> None:
    assert {path.parent for path in other_lists()} == {JUDGED}
    assert not {draw.judged for draw in ANNOUNCED} & set(other_lists())
