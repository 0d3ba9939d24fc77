"""What is kept for the draws that count was not read before, and taught the rules nothing."""

import pytest

from eval import sheets
from eval.announced import ANNOUNCED
from eval.novels import NOVELS, Part, novel_text, sentences_of


def letters(text: str) -> str:
    return "".join(ch for ch in text.lower() if ch.isalnum())


@pytest.mark.usefixtures("shared_data")
def test_no_judged_source_stands_in_the_part_of_an_announced_draw() -> None:
    counted = {draw.judged.name for draw in ANNOUNCED}
    lists = [path for path in sheets.JUDGED.glob("*.tsv") if path.name not in counted]
    read = {letters(line.source): f"{path.name} {line.id}" for path in lists for line in sheets.read(path)}
    begin = min(draw.part.begin for draw in ANNOUNCED)
    kept = unread_letters(begin)
    assert [where for source, where in read.items() if source in kept] == []


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
