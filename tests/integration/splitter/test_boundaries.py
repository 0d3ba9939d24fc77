"""Sentence boundaries against ends set by hand and two French treebanks, and the speed of finding them."""

import time
from pathlib import Path

import pytest

from eval.measures.segmentation import (
    GOLD,
    SECOND_DRAW,
    BoundaryScores,
    GoldParagraph,
    Splitter,
    boundary_scores,
    in_its_book,
    read_gold,
    stands_alone,
    treebank,
    treebank_sentences,
)
from feuilleton.french.names import read_names
from feuilleton.french.segmentation import split_paragraph
from tests.integration.splitter.reading import NOVELS


@pytest.fixture(scope="module")
def splitter(shared_data: Path) -> Splitter:
    """The rules with the names of each novel, as the service uses them."""
    folder = shared_data / "novels"
    texts = {name.partition("_")[2]: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in NOVELS}
    return in_its_book({author: text.replace("'", "’") for author, text in texts.items()})


def test_the_gold_is_of_four_novels_and_says_why_in_its_hard_cases() -> None:
    first, second = read_gold(GOLD), read_gold(SECOND_DRAW)
    assert sum(len(paragraph.sentences) for paragraph in first) >= 400
    for gold in (first, second):
        assert len({paragraph.novel for paragraph in gold}) == len(NOVELS)
    assert sum(bool(paragraph.reason) for paragraph in first) >= 50
    speech = sum(any(sign in paragraph.text for sign in "«—") for paragraph in first)
    assert speech >= 0.6 * len(first)


@pytest.mark.parametrize("novel", sorted({paragraph.novel for paragraph in read_gold()}))
def test_ends_set_by_hand_are_found_in_each_novel(novel: str, splitter: Splitter) -> None:
    scores = boundary_scores([one for one in read_gold() if one.novel == novel], splitter)[novel]
    assert scores.right > 60
    assert scores.f1 >= 0.99, scores


def test_ends_in_text_that_no_rule_was_written_for_are_found(splitter: Splitter) -> None:
    scores = sum(boundary_scores(read_gold(SECOND_DRAW), splitter).values(), start=BoundaryScores())
    assert scores.right > 140
    assert scores.f1 >= 0.99, scores


@pytest.mark.parametrize("path", [GOLD, SECOND_DRAW])
def test_spaces_of_the_printer_change_no_end(path: Path, splitter: Splitter) -> None:
    def printed(paragraph: GoldParagraph) -> GoldParagraph:
        signs = str.maketrans({"\u00a0": " ", "\u202f": " "})
        texts = (
            text.translate(signs).replace(" !", "\u202f!").replace(" ?", "\u202f?").replace("« ", "«\u00a0")
            for text in paragraph.sentences
        )
        closed = (text.replace(" »", "\u00a0»").replace(" :", "\u00a0:").replace("— ", "—\u00a0") for text in texts)
        return GoldParagraph(paragraph.novel, tuple(closed))

    gold = read_gold(path)
    assert boundary_scores(map(printed, gold), splitter) == boundary_scores(gold, splitter)


@pytest.mark.parametrize(("name", "most_alone"), [("fr_gsd", 0.03), ("fr_sequoia", 0.20)])
def test_boundaries_of_a_treebank_are_found_and_none_of_its_sentences_is_left_out(
    name: str, most_alone: float, shared_data: Path
) -> None:
    path = shared_data / "sentences" / f"{name}-ud-dev.conllu"
    gold, sentences = treebank(path), treebank_sentences(path)
    assert [one for paragraph in gold for one in paragraph.sentences] == sentences
    assert sum(map(stands_alone, sentences)) <= most_alone * len(sentences)
    scores = sum(boundary_scores(gold).values(), start=BoundaryScores())
    assert scores.right > 240
    assert scores.f1 >= 0.985, scores


@pytest.mark.parametrize(("name", "known"), [("fr_gsd", 0.98), ("fr_sequoia", 0.90)])
def test_headings_run_into_the_text_are_missed_and_little_else(name: str, known: float, shared_data: Path) -> None:
    gold = treebank(shared_data / "sentences" / f"{name}-ud-dev.conllu", one_after_another=True)
    scores = sum(boundary_scores(gold).values(), start=BoundaryScores())
    assert scores.f1 >= known
    assert scores.invented < 10


def test_cutting_at_every_mark_is_told_from_our_rules() -> None:
    def at_every_mark(paragraph: GoldParagraph) -> list[str]:
        text = paragraph.text
        for mark in "!?….":
            text = text.replace(f"{mark} ", f"{mark}|")
        return text.split("|")

    scores = sum(boundary_scores(read_gold(), at_every_mark).values(), start=BoundaryScores())
    assert scores.f1 < 0.9, scores


def test_a_novel_is_cut_at_300_000_words_a_second(shared_data: Path) -> None:
    text = (shared_data / "novels" / "FRA02701_Maupassant.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    started = time.thread_time()
    names = read_names(lines)
    for line in lines:
        split_paragraph(line, names)
    assert len(text.split()) / (time.thread_time() - started) >= 300_000
