"""Every PDF of the collection ends with chunks or a code, in real subprocesses, and none of them disturbs the next."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import ChunkSubmitted, JobEnded, JobSplit, Received, UploadSubmitted
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.processes.pool import IsolatedPool
from feuilleton.storage.objects import open_store
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from splitter.book import BookSplitter
from splitter.bootstrap import build_pool
from splitter.handler import UploadMessages
from splitter.pdf_workers import PdfWorkers, StepSeconds
from splitter.settings import Settings
from tests.builders import a_pdf

TENANT = TenantId("default")
CODES: dict[str, set[str | None]] = {
    "broken": {"damaged"},
    "password": {"encrypted"},
    "no_text": {None, "no_text"},
    "text": {None},
    "long_text": {None},
}


@dataclass(frozen=True)
class Outcome:
    code: str | None
    chunks: tuple[ChunkSubmitted, ...]


@pytest.fixture
async def pool() -> AsyncIterator[IsolatedPool]:
    pool = build_pool(Settings(splitter_workers=1))
    await pool.start()
    yield pool
    await pool.stop()


async def split(pool: IsolatedPool, body: bytes, folder: Path, *, seconds: StepSeconds | None = None) -> Outcome:
    store, publisher = open_store("memory:///"), MemoryPublisher()
    workers = PdfWorkers(pool, Settings().read_limits, seconds or StepSeconds())
    books = BookSplitter(store, workers, limit_seconds=120.0, work_folder=folder)
    job = JobId(str(uuid.uuid4()))
    await store.put(ids.upload_key(TENANT, job), body)
    order = UploadSubmitted(
        job=job,
        tenant=TENANT,
        settings=JobSettings(),
        engine=Engine.LOCAL,
        model="local",
        bytes=len(body),
        sha256="0" * 64,
        pages=1,
    )
    handler = UploadMessages(store, publisher, Commands(), books)
    await handler.handle(Received(order, order.event_id, None, ""))  # type: ignore[arg-type]
    ends, splits = publisher.of(JobEnded), publisher.of(JobSplit)
    assert len(ends) + len(splits) == 1
    return Outcome(ends[0].code if ends else None, tuple(publisher.of(ChunkSubmitted)))


async def test_every_pdf_of_the_collection_ends_as_its_kind_must(
    pool: IsolatedPool, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "pdfs"
    entries = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    assert len(entries) >= 78
    for entry in entries:
        outcome = await split(pool, (folder / entry["file"]).read_bytes(), tmp_path)
        assert outcome.code in CODES[entry["category"]], entry["file"]
        assert bool(outcome.chunks) is (outcome.code is None), entry["file"]


async def test_a_book_that_takes_too_long_ends_and_the_next_one_is_read(pool: IsolatedPool, tmp_path: Path) -> None:
    long = a_pdf(pages=300, text="Il marche vers la ville. " * 100)
    assert (await split(pool, long, tmp_path, seconds=StepSeconds(understanding=0.2))).code == "too_slow"
    assert (await split(pool, a_pdf(), tmp_path)).code is None
