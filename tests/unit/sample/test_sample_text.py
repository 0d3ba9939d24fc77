"""The sample holds what a pipeline for French novels must cope with; a feature that is edited away is missed here."""

import re
from itertools import pairwise

import pytest

from feuilleton_sample import Novel, ParagraphKind, parse_novel, plain_text, read_sample

NARROW = "\u202f"
SPACE = "\u00a0"


@pytest.fixture(scope="module")
def novel() -> Novel:
    return parse_novel(read_sample())


@pytest.fixture(scope="module")
def text(novel: Novel) -> str:
    return "\n".join(plain_text(novel))


def words(text: str) -> list[str]:
    return [word for word in text.split() if re.search(r"\w", word)]


def of_kind(novel: Novel, kind: ParagraphKind) -> list[str]:
    return [p.text for chapter in novel.chapters for p in chapter.paragraphs if p.kind is kind]


def test_it_is_long_enough_and_has_titled_chapters(novel: Novel, text: str) -> None:
    assert len(words(text)) >= 9000
    assert [chapter.title.split(". ")[0] for chapter in novel.chapters] == ["I", "II", "III", "IV", "V", "VI"]
    assert all(len(words("\n".join(p.text for p in chapter.paragraphs))) > 900 for chapter in novel.chapters)


def test_speakers_change_with_dashes(text: str) -> None:
    lines = text.split("\n")
    exchanges = [two for two in pairwise(lines) if all(line.startswith(f"—{SPACE}") for line in two)]

    assert len(exchanges) >= 30


def test_speech_in_guillemets_has_incises_and_spans_sentences(text: str) -> None:
    quotes = re.findall(rf"«{SPACE}(.*?){SPACE}»", text)

    assert len(quotes) >= 15
    assert text.count("«") == text.count("»") == len(quotes)
    assert sum(len(re.findall(r"[.!?…](?= )", quote)) >= 2 for quote in quotes) >= 4
    assert any(re.search(r"(dit|ajouta|disait|s’exclama)(-t)?-(il|elle)", quote) for quote in quotes)


def test_sentences_are_very_long_and_very_short(text: str) -> None:
    sentences = [words(sentence) for sentence in re.split(r"(?<=[.!?…])\s+", text)]

    assert sum(40 <= len(sentence) <= 80 for sentence in sentences) >= 25
    assert sum(1 <= len(sentence) <= 3 for sentence in sentences) >= 60


@pytest.mark.parametrize(
    "feature",
    [
        rf"\bM\.{SPACE}Vasseur", rf"\bMM\.{SPACE}", rf"\bMme{SPACE}", rf"\bMlle{SPACE}", rf"\bDr{SPACE}",
        rf"\bMe{SPACE}", r"\betc\.", rf"n°{SPACE}\d", rf"p\.{SPACE}\d", rf"\d{NARROW}\d{{3}}\b", rf"\d,\d\d{SPACE}F\b",
        rf"7{SPACE}h{SPACE}30", rf"14{SPACE}juillet 1889", r"\bXIXe siècle", r"\bpeut-être\b", r"c’est-à-dire",
        r"arc-en-ciel", r"\blui-même\b", r"[Cc]elui-ci", r"grand-mère", r"œ", r"æ", r"\bÀ ", r"É[a-z]",
        r"… [a-z]", rf"{NARROW}[!?] [a-zé]", r"\b\w+âmes\b", r"\b(fut|furent|eût)\b",
    ],
)  # fmt: skip
def test_it_holds(feature: str, text: str) -> None:
    assert re.search(feature, text)


def test_typography_is_that_of_a_french_book() -> None:
    source = read_sample()
    body = re.sub(r"(?m)^\[\^\d\]: ", "", source)

    assert not re.search(r"['\"]|\.\.\.|  | $", body, re.MULTILINE)
    assert not re.search(rf"[^{NARROW}\n][;!?]", body)
    assert not re.search(rf"[^{SPACE}]:|«[^{SPACE}]|[^{SPACE}]»", body)
    assert not re.search(rf"(?m)^—(?!{SPACE})", body)


def test_it_holds_a_song_letters_italics_and_notes(novel: Novel) -> None:
    stanzas = of_kind(novel, ParagraphKind.VERSE)

    assert [len(stanza.split("\n")) for stanza in stanzas] == [4, 4, 4, 4]
    assert len(of_kind(novel, ParagraphKind.LETTER)) >= 12
    assert len(re.findall(r"\*[^*]+\*", read_sample())) >= 15
    assert len(novel.notes) >= 2


def test_one_run_of_paragraphs_stands_on_a_scan(novel: Novel) -> None:
    assert read_sample().count("\n%% scan\n") == 1
    assert len(words("\n".join(of_kind(novel, ParagraphKind.SCAN)))) > 120
