from io import StringIO

from rich.console import Console

from feuilleton_client.models import Card, Job, JobStatus, Report
from feuilleton_local.demo_view import show_result, source_line


def _card(text: str, source: str, method: str) -> Card:
    return Card(source_id="1", text=text, source_text=source, page=3, chapter="I", method=method)


def test_a_card_that_is_its_source_sentence_does_not_repeat_it() -> None:
    assert source_line(_card("Il part.", "Il part.", "verbatim")) == "p. 3, verbatim"


def test_a_card_that_was_cut_shows_where_from() -> None:
    card = _card("Il part.", "Il part, et elle reste.", "cut")
    assert source_line(card) == "p. 3, cut from: Il part, et elle reste."


def test_a_result_in_a_pipe_is_plain_text_with_report_and_cards() -> None:
    written = StringIO()
    report = Report(
        outcome="partial",
        pages=9,
        words=900,
        source_sentences=80,
        represented=70,
        cards=75,
        mean_card_words=6.0,
        cards_by_method={"cut": 75},
        dropped_by_reason={"needs_model": 10},
    )
    job = Job(id="j1", status=JobStatus.PARTIAL, cards=75, chunks_failed=1, chunks_total=3)
    show_result(Console(file=written), job, report, [_card("[Il] part.", "Il part, [et] elle reste.", "cut")])
    assert "partial" in written.getvalue()
    assert "  1. [Il] part.\n     p. 3, cut from: Il part, [et] elle reste.\n" in written.getvalue()
    assert "\x1b" not in written.getvalue()
