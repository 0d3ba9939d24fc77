"""Time, memory and disk of an export per format: `python bench/export_speed.py [CARDS] [FORMAT ...]`.

Each format runs in a process of its own, so that its peak is its own. The cards have the length of those of a novel.
"""

import asyncio
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine, CardMethod, Report, ReportChunk, Usage
from feuilleton.contracts.ids import JobId, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from status_api.documents import StoredDocuments
from status_api.exports.building import Workshop
from status_api.exports.delivery import Deliveries, Edition
from status_api.exports.formats import ExportFormat

JOB = JobId("00000000-0000-4000-8000-000000000001")
WORDS = ("le", "maître", "regardait", "longtemps", "la", "maison", "grise", "où", "personne", "ne", "venait", "plus")


def line(number: int) -> bytes:
    drawn = random.Random(number)
    card = CardLine(
        source_id=SentenceId(f"s{number // 2:06d}"),
        text=" ".join(drawn.choices(WORDS, k=8)),
        source_text=" ".join(drawn.choices(WORDS, k=28)),
        page=number // 40 + 1,
        chapter=f"Chapitre {number // 500 + 1}",
        method=CardMethod.REWRITTEN,
    )
    return card.to_bytes() + b"\n"


async def store_result(store: ObjectStore, count: int) -> str:
    body = b"".join(line(number) for number in range(count))
    folder = ids.result_prefix(TenantId("default"), JOB, 1, "0" * 64)
    await store.put(ids.cards_key(folder), body)
    report = Report(
        job=JOB,
        attempt=1,
        outcome="completed",
        engine=Engine.LOCAL,
        model="m",
        pages=1,
        words=1,
        source_sentences=1,
        represented=1,
        cards=count,
        mean_card_words=8.0,
        cards_by_method={},
        dropped_by_reason={},
        verdicts={},
        chapters=(),
        chunks=(ReportChunk(index=0, pages=(1,), cards=count, start=0, end=len(body)),),
        missing=(),
        dropped=(),
        usage=Usage(),
    )
    await store.put(ids.report_key(folder), report.to_bytes())
    return folder


class DiskWatch(threading.Thread):
    """The most bytes that lay in a folder, looked at every 10 ms."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self.most = 0

    def run(self) -> None:
        while True:
            sizes = 0
            for path in self._folder.rglob("*"):
                try:
                    sizes += path.stat().st_size
                except FileNotFoundError:
                    continue
            self.most = max(self.most, sizes)
            time.sleep(0.01)


async def export(form: ExportFormat, folder: Path, url: str, count: int) -> None:
    store = open_store(url)
    result = ids.result_prefix(TenantId("default"), JOB, 1, "0" * 64)
    deliveries = Deliveries(store, StoredDocuments(store), Workshop(1))
    edition = Edition(JOB, "novel.pdf", result, datetime(2026, 1, 1, tzinfo=UTC), form)
    before = peak_kilobytes()
    tempfile.tempdir = str(folder)
    watch = DiskWatch(folder)
    watch.start()
    stall = asyncio.create_task(longest_stall())
    started = time.perf_counter()
    response = await deliveries.whole(edition)
    size = 0
    async for part in response.body_iterator:  # type: ignore[attr-defined]
        size += len(part)
    took = time.perf_counter() - started
    stall.cancel()
    grown = (peak_kilobytes() - before) / 1024
    stalled = max(STALLS) * 1000
    print(
        f"{form:6} {count:7} cards {took:6.2f} s  memory +{grown:5.1f} MB  disk {watch.most / 1e6:6.1f} MB  "
        f"file {size / 1e6:5.1f} MB  loop stood still {stalled:3.0f} ms at most"
    )


def peak_kilobytes() -> int:
    (found,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found)


STALLS = [0.0]


async def longest_stall() -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        STALLS[0] = max(STALLS[0], time.perf_counter() - before - 0.001)


def main() -> None:
    if len(sys.argv) == 6 and sys.argv[1] == "--one":
        Path("/proc/self/clear_refs").write_text("5")  # a process begins with the peak of the one that started it
        asyncio.run(export(ExportFormat(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    forms = sys.argv[2:] or list(ExportFormat)
    with tempfile.TemporaryDirectory() as folder:
        url, work = (Path(folder) / "store").as_uri(), Path(folder) / "work"
        work.mkdir()
        asyncio.run(store_result(open_store(url), count))
        for form in forms:
            subprocess.run([sys.executable, __file__, "--one", form, str(work), url, str(count)], check=True)


if __name__ == "__main__":
    main()
