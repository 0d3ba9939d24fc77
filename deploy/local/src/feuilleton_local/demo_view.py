"""How the demo shows what came out."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from feuilleton_client.cli.wording import end_text, printable, report_lines
from feuilleton_client.models import Card, Job, Report


def show_result(console: Console, job: Job, report: Report, cards: Sequence[Card]) -> None:
    _line(console, "")
    _line(console, end_text(job), style="bold")
    for label, value in report_lines(report):
        _line(console, f"  {label}: {value}")
    _line(console, f"\nThe first {len(cards)} cards, each with the sentence that it comes from:")
    for number, card in enumerate(cards, start=1):
        _line(console, f"{number:3}. {printable(card.text)}", style="bold")
        _line(console, f"     {source_line(card)}", style="dim")


def source_line(card: Card) -> str:
    """`p. 3, verbatim` or `p. 3, cut from: Le vieil homme ...`."""
    place = f"p. {card.page}, {printable(card.method)}"
    return place if card.source_text == card.text else f"{place} from: {printable(card.source_text)}"


def _line(console: Console, line: str, *, style: str = "") -> None:
    console.print(Text(line, style=style), soft_wrap=True)
