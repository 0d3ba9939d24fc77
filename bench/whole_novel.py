"""Seconds and peak memory per process for a whole novel through the running system.

    make bench BENCH=whole_novel ARGS='NOVEL.txt --engine local'
    make bench BENCH=whole_novel ARGS='NOVEL.txt --engine gemini --latency 5'

NOVEL.txt is plain text; it is typeset as a book first. Servers and services are the real ones, started for this run on
free ports; Gemini is the fake server. Memory is the peak resident set of a service with its subprocesses, sampled.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from feuilleton.streaming.admin import create_topics
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from feuilleton_local.servers.running import running_servers
from feuilleton_sample import typeset_raw_novel
from tests.fakes.models.background import model_process
from tests.results import Result, read_result
from tests.stack import API_KEY, Stack, environment, running_stack

_SAMPLE_SECONDS = 0.1


class PeakMemory(threading.Thread):
    """Samples the resident set of each service and its subprocesses until told to stop."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.peaks = dict.fromkeys(stack.services, 0)
        self._roots = {name: psutil.Process(service.pid) for name, service in stack.services.items()}
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(_SAMPLE_SECONDS):
            for name, root in self._roots.items():
                self.peaks[name] = max(self.peaks[name], _resident_bytes(root))

    def finish(self) -> dict[str, int]:
        self._stop_asked.set()
        self.join()
        return self.peaks


def _resident_bytes(root: psutil.Process) -> int:
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def measure(stack: Stack, pdf: Path, engine: str, runs: int) -> None:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as client:
        for number in range(runs):
            memory = PeakMemory(stack)
            memory.start()
            started = time.monotonic()
            accepted = client.upload(pdf, JobOptions(engine=engine))
            answered = time.monotonic() - started
            job = client.wait(accepted.id)
            seconds = time.monotonic() - started
            peaks = memory.finish()
            result = read_result(stack, client, job)
            result.check()
            _print(number, result, answered, seconds, peaks)


def _print(number: int, result: Result, answered: float, seconds: float, peaks: dict[str, int]) -> None:
    report = result.report
    print(f"run {number + 1}: {result.job.status}, {report.pages} pages, {report.words} words, {report.cards} cards")
    print(f"  seconds: {seconds:.1f} to the end, {answered:.2f} to the 202")
    print("  peak MB: " + ", ".join(f"{name} {peak / 1e6:.0f}" for name, peak in peaks.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("novel", type=Path)
    parser.add_argument("--engine", choices=("local", "gemini"), default="local")
    parser.add_argument("--latency", type=float, default=5.0, help="seconds of a call to the fake Gemini")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feuilleton-bench-") as name:
        folder = Path(name)
        pdf = folder / "novel.pdf"
        pdf.write_bytes(typeset_raw_novel(options.novel.read_text(encoding="utf-8"), options.novel.stem))
        with (
            running_servers(folder / "servers") as servers,
            model_process("gemini", folder, "--latency", str(options.latency)) as gemini,
        ):
            asyncio.run(create_topics(servers.kafka_bootstrap_servers))
            env = environment(
                kafka=servers.kafka_bootstrap_servers,
                prefix="",
                database_url=servers.database_url,
                object_store_url=(folder / "objects").as_uri(),
                ENGINES="local,gemini",
                GEMINI_API_KEY="fake",
                GEMINI_BASE_URL=gemini,
                GEMINI_CALLS="200",
            )
            with running_stack(folder / "logs", env) as stack:
                measure(stack, pdf, options.engine, options.runs)


if __name__ == "__main__":
    main()
