"""What is kept for the draws that count was not read before, and taught the rules nothing."""

from pathlib import Path

import pytest

from eval.announced import ANNOUNCED, other_lists
from eval.novels import NOVELS, UNSEEN, Part, novel_text, sentences_of
from eval.sheets import JUDGED, letters, read, sources_read

BORDER = 0.005  # of a novel; who counts in something other than words comes out a page off


@pytest.mark.heavy
@pytest.mark.usefixtures("shared_data")
def test_no_judged_source_stands_in_the_part_of_an_announced_draw() -> None:
    begin = min(draw.part.begin for draw in ANNOUNCED if set(draw.novels) <= set(NOVELS)) + BORDER
    read = sources_read(other_lists())
    novels = [letters(novel_text(novel)) for novel in NOVELS]
    assert {source for source in read if any(stands_late(source, novel, begin) for novel in novels)} == set()


def stands_late(source: str, novel: str, begin: float) -> bool:
    """Whether the novel has these letters behind `begin` of it, and nowhere before."""
    return novel.find(source) >= begin * len(novel)


def test_no_judged_list_holds_a_novel_that_is_kept_unseen() -> None:
    judged = {line.novel for path in other_lists() for line in read(path)}
    assert not {Path(name).stem for name in UNSEEN.values()} & judged
    assert "FRA04202_Rolland" in judged  # such names stand there


@pytest.mark.usefixtures("shared_data")
def test_such_a_sentence_would_be_found() -> None:
    text = novel_text("Verne")
    *_, last = (sentence for sentence in sentences_of(text, Part(0.99, 1)) if len(sentence.text) > 80)
    assert stands_late(letters(last.text), letters(text), 0.6)


def test_typography_does_not_hide_that_a_sentence_was_read() -> None:
    assert letters("« L’été\u202f! » dit-il…") == letters("- L'été! dit il...")


def test_the_draws_that_count_are_no_other_lists() -> None:
    assert {path.parent for path in other_lists()} == {JUDGED}
    assert not {draw.judged for draw in ANNOUNCED} & set(other_lists())
