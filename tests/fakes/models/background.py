"""The fake server as a process, for tests that are not asynchronous."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.ports import LOOPBACK, free_ports

_START_SECONDS = 30.0


@contextmanager
def model_process(name: str, folder: Path, *arguments: str) -> Iterator[str]:
    """Run the fake of that name (`gemini`, `openai`) on a free port; yields its base URL."""
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    command = [sys.executable, "-m", f"tests.fakes.{name}", "--port", str(port), *arguments]
    with (folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(
            bound_to_parent(command, signal.SIGKILL),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"{url}/stats").raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < deadline, "the fake model did not start"
            time.sleep(0.1)
        else:
            return
