import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fakes.gemini import Plan, Stats
from tests.integration.extractor.broker import Broker
from tests.stack import Stack, environment

Wait = Callable[..., None]


@dataclass(frozen=True)
class GeminiProcess:
    """The fake model server in a process of its own, so that it counts while services die."""

    url: str

    def stats(self) -> Stats:
        return Stats.model_validate(httpx.get(f"{self.url}/stats", timeout=10).json())

    def follow(self, plan: Plan) -> None:
        httpx.put(f"{self.url}/plan", content=plan.model_dump_json(), timeout=10).raise_for_status()


@contextmanager
def gemini_process() -> Iterator[GeminiProcess]:
    command = [sys.executable, "-m", "tests.fakes.gemini"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield GeminiProcess(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture
def gemini() -> Iterator[GeminiProcess]:
    with gemini_process() as running:
        yield running


def extractor_environment(folder: Path, *, kafka: str, prefix: str, gemini: GeminiProcess) -> dict[str, str]:
    return environment(
        kafka=kafka,
        prefix=prefix,
        database_url="",
        object_store_url=(folder / "objects").as_uri(),
        GEMINI_API_KEY="test-key",
        GEMINI_BASE_URL=gemini.url,
        GEMINI_CALLS="8",
        LOCAL_WORKERS="0",
        SESSION_SECONDS="6",
    )


@pytest.fixture
def stack(tmp_path: Path, kafka: str, fresh_kafka_topics: str, gemini: GeminiProcess) -> Iterator[Stack]:
    """No service yet: a test adds its own, with `gemini` as their model."""
    env = extractor_environment(tmp_path, kafka=kafka, prefix=fresh_kafka_topics, gemini=gemini)
    stack = Stack(tmp_path, env)
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def broker(stack: Stack) -> Broker:
    return Broker(stack)


@pytest.fixture
def wait_until() -> Wait:
    def wait(condition: Callable[[], bool], *, seconds: float = 60.0, what: str = "") -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
            time.sleep(0.1)

    return wait
