"""`make soak`: the whole system under a steady load, and whether what its processes hold stays flat."""

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import Endpoints, running_servers
from tests.chaos.books import make_books
from tests.fakes.models.background import model_process
from tests.soak.load import Load, Place
from tests.soak.sampling import Series, look_at
from tests.soak.verdict import csv_of, growing, table
from tests.stack import API_KEY, Service, Stack, environment, running_stack

REPO = Path(__file__).resolve().parents[2]
BOOK_WORDS = (1_500, 3_000, 6_000)
BOOKS = 9
_LOOK_EVERY_SECONDS = 5.0
_LAST_JOBS_SECONDS = 180.0


def main() -> int:
    """Exit status 1 when something grows, a job did not end as it should, or a process ended."""
    options = _options()
    novels = Path(os.environ.get("FEUILLETON_SHARED_DATA", REPO.parent / "shared" / "data")) / "novels"
    with tempfile.TemporaryDirectory(prefix="feuilleton-soak-") as name:
        folder = Path(name)
        books = [book.pdf for book in make_books(novels, (BOOK_WORDS * BOOKS)[:BOOKS], folder / "books")]
        with _running(folder) as (stack, ports):
            place = Place(stack.ingest_url, stack.status_url, API_KEY)
            load = Load(place, books, options.engines.split(","), options.jobs_per_minute, Random(options.seed))
            series = _soak(stack, ports, load, options.minutes * 60)
            ended = [name for name, one in stack.services.items() if _has_ended(one)]
    if options.looks:
        options.looks.write_text(csv_of(series), encoding="utf-8")
    return _told(series, load, ended)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs-per-minute", type=float, default=10.0)
    parser.add_argument("--engines", default="gemini,local")
    parser.add_argument("--looks", type=Path, help="write each look here, as CSV")
    return parser.parse_args()


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Stack, dict[int, str]]]:
    """All services, on servers of their own; and what listens on which port."""
    with running_servers(folder / "servers") as servers, model_process("gemini", folder) as gemini:
        asyncio.run(create_topics(servers.kafka_bootstrap_servers))
        env = environment(
            kafka=servers.kafka_bootstrap_servers,
            prefix="",
            database_url=servers.database_url,
            object_store_url=(folder / "objects").as_uri(),
            ENGINES="gemini,local",
            LOCAL_WORKERS="1",
            GEMINI_API_KEY="fake",
            GEMINI_BASE_URL=gemini,
            DELETED_SWEEP_SECONDS="30",
        )
        with running_stack(folder / "logs", env) as stack:
            yield stack, _ports(servers)


def _ports(servers: Endpoints) -> dict[int, str]:
    kafka = int(servers.kafka_bootstrap_servers.rpartition(":")[2])
    return {kafka: "kafka", urlsplit(servers.database_url).port or 0: "postgres"}


def _soak(stack: Stack, ports: dict[int, str], load: Load, seconds: float) -> dict[str, Series]:
    series = {label: Series() for label in stack.services}
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(stack, ports, series, over), name="looks", daemon=True)
    looking.start()
    load.run(seconds)
    over.set()
    looking.join()
    load.finish(_LAST_JOBS_SECONDS)
    return series


def _look(stack: Stack, ports: dict[int, str], series: dict[str, Series], over: threading.Event) -> None:
    began = time.monotonic()
    while not over.wait(_LOOK_EVERY_SECONDS):
        for label, service in stack.services.items():
            usage = look_at(service.pid, ports, own_port=service.port)
            if usage is not None:
                series[label].add(time.monotonic() - began, usage)


def _has_ended(service: Service) -> bool:
    return service.process is None or service.process.poll() is not None


def _told(series: dict[str, Series], load: Load, ended: list[str]) -> int:
    jobs = ", ".join(f"{end} {count}" for end, count in sorted(load.ends.items()))
    faults = [*growing(series), *load.faults, *(f"{name} ended" for name in ended)]
    sys.stdout.write(f"{table(series)}\n\njobs: {jobs}\n")
    sys.stdout.write("".join(f"FAILED {fault}\n" for fault in faults) or "all is flat\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
