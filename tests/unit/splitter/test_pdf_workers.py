from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from feuilleton.contracts.errors import InvalidInputError
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.processes.pool import WorkerDiedError, WorkerTimeoutError
from splitter.pages import Opened, ReadLimits
from splitter.pdf_workers import TRIES, PdfWorkers, StepSeconds
from tests.builders import a_pdf
from tests.unit.splitter.pools import DyingPool, InlinePool, on_pages

pytestmark = pytest.mark.heavy

_R = TypeVar("_R")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.pdf"
    path.write_bytes(a_pdf(pages=120))
    return path


def workers(pool: InlinePool, *, most_bad_pages: int = 5, **limits: int) -> PdfWorkers:
    return PdfWorkers(pool, ReadLimits(**limits), StepSeconds(), most_bad_pages=most_bad_pages)


async def test_a_page_that_kills_its_reader_costs_that_page_alone(book: Path) -> None:
    pages = await workers(DyingPool(on_pages(60, 61))).read(book, 120)
    assert [page.number for page in pages] == list(range(1, 121))
    assert {page.number: page.fault for page in pages if page.fault} == {
        60: "page_stops_reader",
        61: "page_stops_reader",
    }


@pytest.mark.parametrize(("slow", "code"), [(True, "too_slow"), (False, "damaged")])
async def test_a_book_of_too_many_bad_pages_ends_soon(book: Path, slow: bool, code: str) -> None:  # noqa: FBT001
    pool = DyingPool(on_pages(*range(1, 121), slow=slow))
    with pytest.raises(InvalidInputError) as caught:
        await workers(pool).read(book, 120)
    assert caught.value.code == code
    assert len(pool.calls) == 1 + 6


@pytest.mark.parametrize(
    ("failure", "code"),
    [(WorkerTimeoutError(), "too_slow"), (WorkerDiedError(), "damaged"), (MemoryError(), "too_big")],
)
async def test_a_step_that_keeps_dying_is_tried_three_times_and_then_the_book_is_to_blame(
    book: Path, failure: Exception, code: str
) -> None:
    pool = DyingPool(lambda _name, _args: failure)
    with pytest.raises(InvalidInputError) as caught:
        await workers(pool).open(book)
    assert caught.value.code == code
    assert len(pool.calls) == TRIES == 3


async def test_one_death_is_forgiven(book: Path) -> None:
    deaths: list[Exception | None] = [WorkerDiedError()]
    pool = DyingPool(lambda _name, _args: deaths.pop() if deaths else None)
    assert (await workers(pool).open(book)).pages == 120


async def test_a_book_of_too_much_text_is_refused_before_all_is_read(book: Path) -> None:
    pool = InlinePool()
    with pytest.raises(InvalidInputError) as caught:
        await workers(pool, book_chars=500).read(book, 120)
    assert caught.value.code == "too_big"
    assert pool.calls == ["read_pages"]


async def test_a_book_of_too_many_lines_is_refused_before_all_is_read(book: Path) -> None:
    """However short they are: the service holds each."""
    pool = InlinePool()
    with pytest.raises(InvalidInputError) as caught:
        await workers(pool, book_lines=49).read(book, 120)
    assert caught.value.code == "too_big"
    assert pool.calls == ["read_pages"]


async def test_a_book_of_too_many_sentences_is_refused(book: Path) -> None:
    reading = workers(InlinePool(), book_sentences=119)
    pages = await reading.read(book, 120)
    with pytest.raises(InvalidInputError) as caught:
        await reading.understand(pages, await reading.open(book), JobSettings())
    assert caught.value.code == "too_big"
    text = await workers(InlinePool(), book_sentences=120).understand(pages, Opened(120), JobSettings())
    assert len(text.sentences) == 120


async def test_a_book_without_a_readable_page_is_damaged(book: Path) -> None:
    beyond = 125  # pages that the file does not have
    with pytest.raises(InvalidInputError) as caught:
        await workers(_Shifted(beyond)).read(book, 3)
    assert caught.value.code == "damaged"


async def test_a_page_that_cannot_be_cut_leaves_the_others(book: Path) -> None:
    cuts = await workers(DyingPool(on_pages(2))).cut(book, [1, 2, 3])
    assert [number for number, body in cuts.items() if body is None] == [2]


class _Shifted(InlinePool):
    """Reads other pages than asked for."""

    def __init__(self, by: int) -> None:
        super().__init__()
        self._by = by

    async def run(self, func: Callable[..., _R], *args: object, timeout_seconds: float) -> _R:
        path, numbers, limits = args
        assert isinstance(numbers, tuple)
        shifted = tuple(number + self._by for number in numbers)
        return await super().run(func, path, shifted, limits, timeout_seconds=timeout_seconds)


async def test_a_book_whose_cut_pages_grow_past_the_limit_keeps_those_before_it(book: Path) -> None:
    numbers = range(1, 121)
    pool = InlinePool()
    small = PdfWorkers(pool, ReadLimits(), StepSeconds(), most_cut_bytes=2_000)
    cut = await small.cut(book, numbers)
    assert list(cut) == list(numbers)
    assert [number for number, body in cut.items() if body] == list(range(1, 8 * len(pool.calls) + 1))
    assert len(pool.calls) < 10
