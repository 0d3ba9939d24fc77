"""Results on stdout: tables on a terminal, plain lines in a pipe, one JSON document a line with --json."""

import json
import sys
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import islice
from typing import Protocol, TextIO, TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from feuilleton_client.cards_file import CardFormat, write_cards
from feuilleton_client.cli.wording import (
    deck_lines,
    done_text,
    end_text,
    exported_text,
    printable,
    progress_text,
    report_lines,
    saved_text,
)
from feuilleton_client.models import Card, Deck, Job, Lemma, Report

CARDS_SHOWN = 20
Row = TypeVar("Row", bound=BaseModel)


def print_rows(found: Iterable[Row], fields: Callable[[Row], tuple[str, ...]], *, as_json: bool) -> None:
    """One line each, as it comes: its `fields` with tabs between them, or all of it as JSON."""
    for each in found:
        print(each.model_dump_json() if as_json else "\t".join(printable(field) for field in fields(each)), flush=True)


class Output(Protocol):
    def seen(self, job: Job) -> None:
        """A job that is followed changed."""
        ...

    def accepted(self, job: Job) -> None:
        """A book was handed in and is not waited for."""
        ...

    def ended(self, job: Job, where: str | None) -> None:
        """A job that was followed ended; its cards stand in the file `where`."""
        ...

    def done(self, book: str, job: Job, where: str | None) -> None:
        """One of several books ended; its cards stand in the file `where`."""
        ...

    def renamed(self, job: Job) -> None: ...

    def jobs(self, jobs: Iterable[Job]) -> None: ...

    def cards(self, cards: Iterable[Card]) -> None:
        """Cards that go to no file."""
        ...

    def saved(self, count: int, where: str, job: Job) -> None:
        """Cards were written to a file."""
        ...

    def exported(self, size: int, where: str) -> None:
        """A file of so many bytes was written."""
        ...

    def vocabulary(self, lemmas: Iterable[Lemma]) -> None: ...

    def deck(self, deck: Deck, where: str | None) -> None:
        """A deck was chosen; its cards stand in the file `where`, or nowhere yet."""
        ...

    def report(self, report: Report) -> None: ...


class JsonOutput:
    def seen(self, job: Job) -> None:
        self._line(job.model_dump_json())

    def accepted(self, job: Job) -> None:
        self._line(job.model_dump_json())

    def ended(self, job: Job, where: str | None) -> None:
        """Nothing: the last `seen` said it."""

    def done(self, book: str, job: Job, where: str | None) -> None:
        self._line(json.dumps({"book": book, "file": where, "job": job.model_dump(mode="json")}))

    def renamed(self, job: Job) -> None:
        self._line(job.model_dump_json())

    def jobs(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._line(job.model_dump_json())

    def cards(self, cards: Iterable[Card]) -> None:
        write_cards(cards, sys.stdout, CardFormat.JSONL)

    def saved(self, count: int, where: str, job: Job) -> None:
        self._line(json.dumps({"cards": count, "file": where, "job": job.model_dump(mode="json")}))

    def exported(self, size: int, where: str) -> None:
        self._line(json.dumps({"bytes": size, "file": where}))

    def vocabulary(self, lemmas: Iterable[Lemma]) -> None:
        for lemma in lemmas:
            self._line(lemma.model_dump_json())

    def deck(self, deck: Deck, where: str | None) -> None:
        self._line(json.dumps({**deck.model_dump(mode="json"), "file": where}, ensure_ascii=False))

    def report(self, report: Report) -> None:
        self._line(report.model_dump_json())

    def _line(self, line: str) -> None:
        # A reader at the other end of a pipe follows along, so nothing waits in a buffer.
        print(line, flush=True)


class PlainOutput:
    """Once cards went to stdout, words go to stderr: what is piped on is cards alone."""

    def __init__(self) -> None:
        self._words: TextIO = sys.stdout

    def seen(self, job: Job) -> None:
        """Nothing: progress goes to stderr."""

    def accepted(self, job: Job) -> None:
        print(printable(job.id))

    def ended(self, job: Job, where: str | None) -> None:
        print(end_text(job) + (f", in {where}" if where else ""), file=self._words)

    def done(self, book: str, job: Job, where: str | None) -> None:
        print(done_text(book, job, where), flush=True)

    def renamed(self, job: Job) -> None:
        print(f"job {printable(job.id)}: {printable(job.name)}")

    def jobs(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            accepted = job.accepted_at.isoformat(timespec="seconds") if job.accepted_at else ""
            fields = (job.id, job.status.value, str(job.progress_percent), str(job.cards), accepted, job.name)
            print("\t".join(printable(field) for field in fields))

    def cards(self, cards: Iterable[Card]) -> None:
        self._words = sys.stderr
        write_cards(cards, sys.stdout, CardFormat.JSONL)

    def saved(self, count: int, where: str, job: Job) -> None:
        print(saved_text(count, where, job))

    def exported(self, size: int, where: str) -> None:
        print(exported_text(size, where))

    def vocabulary(self, lemmas: Iterable[Lemma]) -> None:
        for lemma in lemmas:
            fields = (lemma.lemma, str(lemma.count), str(lemma.cards), lemma.first_card.text)
            print("\t".join(printable(field) for field in fields))

    def deck(self, deck: Deck, where: str | None) -> None:
        if where is None:
            self.cards(deck.cards)
        for line in deck_lines(deck, where):
            print(line, file=self._words)

    def report(self, report: Report) -> None:
        for label, value in report_lines(report):
            print(f"{label}: {value}", file=self._words)


class TerminalOutput:
    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def seen(self, job: Job) -> None:
        """Nothing: the live bar says it."""

    def accepted(self, job: Job) -> None:
        self._say(f"Accepted as job {printable(job.id)}.")
        self._say(f"To follow it: feuilleton watch {printable(job.id)}")

    def ended(self, job: Job, where: str | None) -> None:
        self._say(end_text(job) + (f", in {where}" if where else ""))

    def done(self, book: str, job: Job, where: str | None) -> None:
        self._say(done_text(book, job, where))

    def renamed(self, job: Job) -> None:
        self._say(f"Job {printable(job.id)} is now called {printable(job.name)}.")

    def jobs(self, jobs: Iterable[Job]) -> None:
        table = Table("Job", "Book", "Accepted", "State", box=None, pad_edge=False)
        for job in jobs:
            accepted = job.accepted_at.astimezone().strftime("%Y-%m-%d %H:%M") if job.accepted_at else ""
            state = f"{job.progress_percent} % {progress_text(job)}"
            table.add_row(*(Text(printable(field)) for field in (job.id, job.name, accepted, state)))
        self._console.print(table)

    def cards(self, cards: Iterable[Card]) -> None:
        table = Table("Card", "From", "Page", box=None, pad_edge=False)
        for card in islice(cards, CARDS_SHOWN):
            source = "=" if card.source_text == card.text else printable(card.source_text)
            table.add_row(Text(printable(card.text), style="bold"), Text(source), str(card.page))
        self._console.print(table)
        if table.row_count == CARDS_SHOWN:
            self._say(f"The first {CARDS_SHOWN}; feuilleton cards JOB -o cards.csv saves them all.")

    def saved(self, count: int, where: str, job: Job) -> None:
        self._say(saved_text(count, where, job))

    def exported(self, size: int, where: str) -> None:
        self._say(exported_text(size, where))

    def vocabulary(self, lemmas: Iterable[Lemma]) -> None:
        table = Table("Word", "Met", "Cards", "First on", box=None, pad_edge=False)
        for lemma in lemmas:
            first = Text(printable(lemma.first_card.text))
            table.add_row(Text(printable(lemma.lemma), style="bold"), str(lemma.count), str(lemma.cards), first)
        self._console.print(table)

    def deck(self, deck: Deck, where: str | None) -> None:
        if where is None:
            self.cards(deck.cards)
        for line in deck_lines(deck, where):
            self._say(line)

    def report(self, report: Report) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for label, value in report_lines(report):
            table.add_row(Text(label, style="dim"), Text(value))
        self._console.print(table)

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)


class Shown(Enum):
    """How an error is told."""

    WORDS = "words"
    JSON = "json"


def output_for(*, as_json: bool) -> Output:
    if as_json:
        return JsonOutput()
    return TerminalOutput() if sys.stdout.isatty() else PlainOutput()


def tell_error(code: str, text: str, *, shown: Shown, **facts: str | int | None) -> None:
    """One line on stderr: words, or a JSON object with `code`, `detail` and the facts that are known."""
    if shown is Shown.JSON:
        known = {name: value for name, value in facts.items() if value is not None}
        line = json.dumps({"code": code, "detail": text, **known}, ensure_ascii=False)
    else:
        line = f"feuilleton: {text}"
    sys.stderr.write(line + "\n")
