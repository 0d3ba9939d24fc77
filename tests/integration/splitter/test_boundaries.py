"""Sentence boundaries against two French treebanks, and the speed of finding them."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feuilleton.french.segmentation import split_paragraph

SENTENCES_A_PARAGRAPH = 8
ENDS = re.compile(r"[.!?…»\"]$")
OPENS = re.compile(r"[A-ZÀ-ÖØ-Þ«\"—]")


def treebank(path: Path) -> list[str]:
    """Its sentences, but for headings and fragments of lists: what ends without a mark no reader could part."""
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [line.removeprefix("# text = ").strip() for line in lines if line.startswith("# text = ")]
    return [text for text in texts if ENDS.search(text) and OPENS.match(text)]


def ends(sentences: list[str]) -> set[int]:
    """Where each sentence but the last ends, counted in signs that are no space."""
    lengths = [len("".join(sentence.split())) for sentence in sentences]
    return {sum(lengths[: n + 1]) for n in range(len(lengths) - 1)}


def paragraphs(sentences: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(sentences), SENTENCES_A_PARAGRAPH):
        yield sentences[start : start + SENTENCES_A_PARAGRAPH]


@pytest.mark.parametrize("name", ["fr_gsd", "fr_sequoia"])
def test_boundaries_of_a_treebank_are_found(name: str, shared_data: Path) -> None:
    right = missed = invented = 0
    for gold in paragraphs(treebank(shared_data / "sentences" / f"{name}-ud-dev.conllu")):
        expected = ends(gold)
        found = ends([span.text for span in split_paragraph(" ".join(gold))])
        right, missed, invented = (
            right + len(expected & found),
            missed + len(expected - found),
            invented + len(found - expected),
        )
    f1 = 2 * right / (2 * right + missed + invented)
    assert right > 250
    assert f1 >= 0.997, f"missed {missed}, invented {invented}"


def test_a_novel_is_cut_at_300_000_words_a_second(shared_data: Path) -> None:
    text = (shared_data / "novels" / "FRA02701_Maupassant.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    started = time.thread_time()
    for line in lines:
        split_paragraph(line)
    assert len(text.split()) / (time.thread_time() - started) >= 300_000
