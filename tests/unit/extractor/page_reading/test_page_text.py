"""What tesseract saw, as sentences: on its recorded answer about the sample's scanned page, and on made ones."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from extractor.lexicon import french
from extractor.page_reading.page_text import IllegiblePageError, page_sentences
from extractor.page_reading.recognised import read_rows
from feuilleton_sample.markup import ParagraphKind, parse_novel
from feuilleton_sample.typeset import read_sample

RECORDED = Path(__file__).with_name("sample_page.tsv").read_text(encoding="utf-8")  # tesseract 5.3.0, fra
HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def known(word: str) -> bool:
    return bool(french().readings(word))


def seen(*paragraphs: Sequence[str], sureness: float = 93.0, apart: int = 0) -> list[str]:
    """The sentences of lines 50 pixels apart, the first line `apart` pixels further off."""
    lines, top = [HEADER], 100
    for number, rows in enumerate(paragraphs, 1):
        for at, row in enumerate(rows, 1):
            left = 100
            for place, word in enumerate(row.split(), 1):
                width = 20 * len(word)
                lines.append(f"5\t1\t1\t{number}\t{at}\t{place}\t{left}\t{top}\t{width}\t40\t{sureness}\t{word}")
                left += width + 20
            top += 50 + (apart if (number, at) == (1, 1) else 0)
    return [text for text, _ in page_sentences(read_rows("\n".join(lines)), known)]


def test_the_recorded_page_is_the_text_that_was_printed() -> None:
    novel = parse_novel(read_sample())
    head, *printed = [
        paragraph.text
        for chapter in novel.chapters
        for paragraph in chapter.paragraphs
        if paragraph.kind is ParagraphKind.SCAN
    ]
    found = page_sentences(read_rows(RECORDED), known)
    text = " ".join(sentence for sentence, _ in found)
    assert " ".join(text.split()) == " ".join(" ".join(printed).split())
    assert head not in text
    assert [sentence for sentence, dialogue in found if dialogue] == [
        "«\u00a0C’est moi, dit-elle, qui n’ai pas pris la main.\u00a0»"
    ]


def test_a_word_broken_at_the_end_of_a_line_is_whole_and_a_compound_keeps_its_hyphen() -> None:
    rows = ["Il regardait la mer-", "‘veille et disait peut-", "être que tout irait bien."]
    assert seen(rows) == ["Il regardait la merveille et disait peut-être que tout irait bien."]


def test_a_paragraph_seen_as_two_in_the_middle_of_a_sentence_is_one() -> None:
    assert seen(["Il marchait vers la"], ["ville endormie."]) == ["Il marchait vers la ville endormie."]


@pytest.mark.parametrize("head", ["LE DERNIER COUPLET", "36 Le dernier couplet", "Le dernier couplet 36"])
def test_a_head_that_stands_apart_is_left_out(head: str) -> None:
    rows = [head, "Il marchait sur la route blanche", "et ne pensait à rien."]
    assert seen(rows, apart=80) == ["Il marchait sur la route blanche et ne pensait à rien."]


def test_a_line_in_capitals_that_does_not_stand_apart_is_text() -> None:
    rows = ["LE VENT SE LEVA", "sur la route blanche", "et tomba."]
    assert seen(rows) == ["LE VENT SE LEVA sur la route blanche et tomba."]


def test_the_page_number_is_left_out_at_head_and_foot() -> None:
    rows = ["Il marchait sur la route", "et ne pensait à rien."]
    assert seen(["— 36 —", *rows]) == seen([*rows, "36"]) == ["Il marchait sur la route et ne pensait à rien."]


def test_french_spaces_and_apostrophes_are_those_of_print() -> None:
    assert seen(["— Qu'est-ce? dit-il; voyez :", "« l'eau monte! »"]) == [
        "—\u00a0Qu’est-ce\u202f? dit-il\u202f; voyez\u00a0: «\u00a0l’eau monte\u202f!\u00a0»"
    ]


def test_a_picture_has_no_sentences() -> None:
    assert page_sentences(read_rows(HEADER), known) == ()
    assert seen(["| Ÿ À — xd"]) == []
    assert seen(["dans la maison que tout", "le monde voit bien"], sureness=20.0) == []


def test_writing_that_is_no_french_is_illegible() -> None:
    with pytest.raises(IllegiblePageError):
        seen(["Vnrtl xqoirm blfea thnra", "qvfir mlpso gnard ifnea"])


def test_lines_that_are_no_rows_of_a_table_are_passed_over() -> None:
    assert read_rows("") == read_rows("\x00\n5\t1\tx\n" + "\t" * 40) == ()
