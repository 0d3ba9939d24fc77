"""Typeset books come back as they were written: words, paragraphs, chapters."""

from pathlib import Path

import pytest

from eval.measures.fidelity import differences, fidelity, found_paragraphs, found_words, read_pdf, words_of
from feuilleton_sample.markup import ParagraphKind, parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup
from feuilleton_sample.typeset import read_sample, typeset_raw_novel, typeset_sample
from splitter.planning import BookText
from tests.integration.splitter.reading import NOVELS


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> BookText:
    path = tmp_path_factory.mktemp("sample") / "sample.pdf"
    path.write_bytes(typeset_sample())
    return read_pdf(path)


def test_every_word_of_the_sample_comes_back_and_no_other(sample: BookText) -> None:
    found = list(differences(words_of(plain_text(parse_novel(read_sample()), scans=False)), found_words(sample)))
    assert found == []


def test_the_sample_keeps_its_chapters_and_its_scan_is_found(sample: BookText) -> None:
    novel = parse_novel(read_sample())
    assert [one.title.replace(" — ", ". ") for one in sample.chapters] == [one.title for one in novel.chapters]
    assert len(sample.pictures) == sum(
        any(paragraph.kind is ParagraphKind.SCAN for paragraph in chapter.paragraphs) for chapter in novel.chapters
    )


def test_the_sample_keeps_its_paragraphs_its_letters_and_its_stanzas(sample: BookText) -> None:
    novel = parse_novel(read_sample())
    expected = [
        " ".join(paragraph.text.split())
        for chapter in novel.chapters
        for paragraph in chapter.paragraphs
        if paragraph.kind is not ParagraphKind.SCAN
    ]
    assert [" ".join(text.split()) for text in found_paragraphs(sample)] == expected


def test_footnotes_of_the_sample_are_in_no_sentence(sample: BookText) -> None:
    notes = [note.text for note in parse_novel(read_sample()).notes]
    assert notes
    text = " ".join(sentence.text for sentence in sample.sentences)
    assert not any(note[:30] in text for note in notes)


def test_pages_never_go_back_and_every_chapter_has_sentences(sample: BookText) -> None:
    pages = [sentence.page for sentence in sample.sentences]
    assert pages == sorted(pages)
    assert {sentence.chapter for sentence in sample.sentences} == {one.number for one in sample.chapters}
    assert [sentence.id for sentence in sample.sentences] == [f"s{n + 1:06d}" for n in range(len(pages))]


@pytest.mark.parametrize(
    "name", ["FRA02701_Maupassant", *(pytest.param(n, marks=pytest.mark.slow) for n in NOVELS if "Maupassant" not in n)]
)
def test_a_typeset_novel_comes_back_word_for_word(name: str, shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
    path = tmp_path / "novel.pdf"
    path.write_bytes(typeset_raw_novel(text, NOVELS[name]))
    novel = parse_novel(raw_to_markup(text, NOVELS[name]))
    found = fidelity(path.read_bytes(), plain_text(novel, scans=False))
    assert found.wrong <= 0.0001 * found.words, "measured: 0 to 7 words a novel"
    assert len(found.book.chapters) == len(novel.chapters)
    assert found.book.pictures == ()
