"""Text made to keep rules busy: each stage looks at each sign a bounded number of times."""

import time

import pytest

from feuilleton.contracts.job_settings import JobSettings
from splitter.pages import Line, Page
from splitter.planning import read_book

SIGNS = 20_000
LINE_SIGNS = 60
PAGE_LINES = 40
UNITS = [
    ". ",
    ".",
    "…",
    "« ",
    "«",
    "( ",
    "- ",
    "-",
    "—",
    "* ",
    "_",
    "'",
    '" ',
    "a-",
    "A. ",
    "1 ",
    "I ",
    ": « A",
    "x» ",
    "¹",
]


def one_line(text: str) -> list[Page]:
    return [Page(1, 100.0, 100.0, (Line(text, 0.0, 90.0, 10.0), Line("Elle dort.", 0.0, 80.0, 22.0)))]


def many_lines(text: str) -> list[Page]:
    lines = [text[at : at + LINE_SIGNS] for at in range(0, len(text), LINE_SIGNS)]
    return [
        Page(1 + at, 100.0, 1000.0, tuple(Line(part, 0.0, 90.0, 20.0 * n) for n, part in enumerate(block)))
        for at, block in enumerate(lines[n : n + PAGE_LINES] for n in range(0, len(lines), PAGE_LINES))
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_more_than_its_length(unit: str) -> None:
    text = (unit * SIGNS)[:SIGNS]
    started = time.process_time()
    for pages in (one_line(text), many_lines(text)):
        read_book(pages, (), JobSettings())
    assert time.process_time() - started < 3.0, "measured: 0.1 s; what grows with the square took 8 to 30 s"
