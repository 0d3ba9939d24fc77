"""A result in a store, and the downloads of it over HTTP."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine, Report, ReportChunk
from feuilleton.contracts.ids import JobId, new_job_id
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from status_api.documents import StoredDocuments
from status_api.exports.building import Workshop
from status_api.exports.delivery import Deliveries, Edition
from status_api.exports.formats import ExportFormat
from tests.unit.status_api.book import Book
from tests.unit.status_api.evil_cards import evil_cards

ENDED_AT = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def store() -> ObjectStore:
    return open_store("memory:///")


@pytest.fixture
def workshop() -> Workshop:
    return Workshop(limit=2)


@pytest.fixture
def deliveries(store: ObjectStore, workshop: Workshop) -> Deliveries:
    return Deliveries(store, StoredDocuments(store), workshop)


@pytest.fixture
def cards() -> list[CardLine]:
    return evil_cards()


@pytest.fixture
async def result(store: ObjectStore, cards: list[CardLine]) -> str:
    """The folder of a result with two chunks of which the first and a hole between them are empty."""
    return await store_cards(store, new_job_id(), cards)


async def store_cards(store: ObjectStore, job: JobId, cards: Sequence[CardLine]) -> str:
    half = len(cards) // 2
    parts = [b"", *(b"".join(card.to_bytes() + b"\n" for card in some) for some in (cards[:half], cards[half:]))]
    counts = [0, half, len(cards) - half]
    chunks, at = [], 0
    for index, (part, count) in enumerate(zip(parts, counts, strict=True)):
        chunks.append(ReportChunk(index=index, pages=(1,), cards=count, start=at, end=at + len(part)))
        at += len(part)
    folder = ids.result_prefix(DEFAULT_TENANT, job, 1, "0" * 64)
    report: Report = Book(job, (1,))._report(1, tuple(chunks))
    await store.put(ids.cards_key(folder), b"".join(parts))
    await store.put(ids.report_key(folder), report.to_bytes())
    return folder


@pytest.fixture
def edition(result: str) -> Callable[..., Edition]:
    def of(form: ExportFormat, *, bom: bool = False, name: str = "Le livre.pdf") -> Edition:
        return Edition(JobId("00000000-0000-4000-8000-000000000001"), name, result, ENDED_AT, form, bom)

    return of


async def served(app: object) -> httpx.Response:
    """What a client gets of a response."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/")


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
