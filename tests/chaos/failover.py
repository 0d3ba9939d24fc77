"""`make failover`: how long work stands still when a replica goes, a row for each service.

A job of one chunk comes in every second. In the middle one of two replicas is ended and stays away. What is told
is the longest wait, from that moment on, of any job for what the service does next with it; and, to compare with, the
longest wait for the same while both ran.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from feuilleton.contracts.events import ChunkExtracted, JobAccepted, JobEnded, JobSplit, parse
from feuilleton.contracts.topics import CHUNK_RESULTS, JOB_EVENTS
from feuilleton_client.uploads import JobOptions
from tests.chaos.books import make_books
from tests.chaos.links import Net
from tests.chaos.model import ChaosGemini
from tests.chaos.system import SETTINGS, System, probing, running_system
from tests.chaos.users import Urls
from tests.fakes.gemini import Plan
from tests.kafka_reading import read_records

REPO = Path(__file__).resolve().parents[2]
MODEL_SECONDS = 1.0
_PROBES = 24
_KILL_AFTER = 8
_WORDS = 600
_CALM_SECONDS = 10.0
_MOST_SECONDS = 120.0
_SERVICES = ("splitter", "extractor", "merger", "projector", "ingest", "status-api")


@dataclass
class Probe:
    """One job. Moments are wall seconds: `asked` at the user's, then what each service did with it."""

    asked: float
    job: str = ""
    moments: dict[str, float] = field(default_factory=dict)

    def waits(self, service: str) -> tuple[float, float] | None:
        """From when to when it waited for a service."""
        before, after = _STAGES[service]
        start = self.asked if before == "asked" else self.moments.get(before)
        end = self.moments.get(after)
        return None if start is None or end is None else (start, end)


_STAGES = {
    "ingest": ("asked", "answered"),
    "splitter": ("accepted", "split"),
    "extractor": ("split", "extracted"),
    "merger": ("extracted", "ended"),
    "projector": ("ended", "shown"),
    "status-api": ("ended", "shown"),
}


@dataclass(frozen=True)
class Row:
    service: str
    calm_seconds: float
    killed_seconds: float
    stopped_seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="make failover", description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="those alone")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="feuilleton-failover-"))
    novels = Path(os.environ.get("FEUILLETON_SHARED_DATA", REPO.parent / "shared" / "data")) / "novels"
    (book,) = make_books(novels, [_WORDS], folder / "books")
    with Net() as net, running_system(folder, net) as system:
        model = ChaosGemini(0, port=system.model_port)
        net.run(model.__aenter__())
        model.plan = Plan(latency_seconds=MODEL_SECONDS)
        system.start()
        measuring = _Measuring(system, book.pdf)
        settings = ", ".join(f"{name}={value}" for name, value in SETTINGS.items())
        sys.stdout.write(f"{settings}; model {MODEL_SECONDS} s\n")
        sys.stdout.write("| service | both run | kill -9 | SIGTERM |\n| --- | --- | --- | --- |\n")
        with probing(system):
            for row in measuring.rows(options.services or _SERVICES):
                values = (row.calm_seconds, row.killed_seconds, row.stopped_seconds)
                sys.stdout.write(f"| {row.service} | " + " | ".join(f"{value:.1f}" for value in values) + " |\n")
                sys.stdout.flush()
        with suppress(Exception):
            net.run(model.__aexit__(None, None, None))
    return 0


class _Measuring:
    def __init__(self, system: System, pdf: Path) -> None:
        self._system = system
        self._pdf = pdf
        self._urls = Urls(system.ingest_url, system.status_url)

    def rows(self, services: Sequence[str]) -> Iterator[Row]:
        began = time.time()
        calm = self._stream(lambda: None)
        for service in services:
            yield Row(
                service,
                _longest(calm, service, began),
                self._without_one(service, "kill -9"),
                self._without_one(service, "SIGTERM"),
            )

    def _without_one(self, service: str, cause: str) -> float:
        ended_at: list[float] = []

        def end() -> None:
            self._system.replicas[service].end(cause, _MOST_SECONDS)
            ended_at.append(time.time())

        probes = self._stream(end)
        replica = self._system.replicas[service]
        replica.restart_at = time.monotonic()
        self._tend(_CALM_SECONDS)
        replica.service.wait_ready(60)
        self._tend(_CALM_SECONDS)
        return _longest(probes, service, ended_at[0])

    def _stream(self, in_the_middle: Callable[[], None]) -> list[Probe]:
        probes: list[Probe] = []
        with ThreadPoolExecutor(_PROBES) as threads:
            running = []
            for number in range(_PROBES):
                if number == _KILL_AFTER:
                    in_the_middle()
                probes.append(Probe(time.time()))
                running.append(threads.submit(self._live, probes[-1]))
                self._tend(1.0)
            deadline = time.monotonic() + _MOST_SECONDS
            while not all(each.done() for each in running) and time.monotonic() < deadline:
                self._tend(0.2)
        for each in running:
            each.result()
        self._fill_in(probes)
        return probes

    def _live(self, probe: Probe) -> None:
        with self._urls.client() as client:
            probe.job = client.upload(self._pdf, JobOptions(engine="gemini")).id
            probe.moments["answered"] = time.time()
            over = time.monotonic() + _MOST_SECONDS
            while not client.job(probe.job).status.ended and time.monotonic() < over:
                time.sleep(0.1)
            probe.moments["shown"] = time.time()

    def _tend(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._system.tend()
            time.sleep(0.05)

    def _fill_in(self, probes: Sequence[Probe]) -> None:
        """What the topics tell of when each service had done its part."""
        known = {probe.job: probe for probe in probes}
        for job, name, moment in self._system.net.run(_moments(self._system.kafka)):
            if job in known:
                known[job].moments.setdefault(name, moment)


async def _moments(kafka: str) -> list[tuple[str, str, float]]:
    names: Mapping[type, str] = {
        JobAccepted: "accepted",
        JobSplit: "split",
        ChunkExtracted: "extracted",
        JobEnded: "ended",
    }
    found = []
    for records in await asyncio.gather(read_records(kafka, "", JOB_EVENTS), read_records(kafka, "", CHUNK_RESULTS)):
        for record in records:
            event = parse(record.value, record.headers).data
            if type(event) in names:
                found.append((str(event.job), names[type(event)], record.timestamp / 1000))
    return found


def _longest(probes: Sequence[Probe], service: str, since: float) -> float:
    """The longest wait for the service from `since` on."""
    waits = [wait for probe in probes if (wait := probe.waits(service)) is not None]
    return max((end - max(start, since) for start, end in waits if end > since), default=0.0)


if __name__ == "__main__":
    sys.exit(main())
