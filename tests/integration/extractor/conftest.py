from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import waiting
from tests.fakes.gemini import Plan, Stats
from tests.fakes.models.background import model_process
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


@pytest.fixture
def gemini(tmp_path: Path) -> Iterator[GeminiProcess]:
    with model_process("gemini", tmp_path) as url:
        yield GeminiProcess(url)


@contextmanager
def no_extractor_yet(folder: Path, *, kafka: str, prefix: str, gemini: GeminiProcess) -> Iterator[Stack]:
    """A test adds its own, with `gemini` as their model."""
    env = environment(
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
    stack = Stack(folder, env)
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(tmp_path: Path, kafka: str, fresh_kafka_topics: str, gemini: GeminiProcess) -> Iterator[Stack]:
    with no_extractor_yet(tmp_path, kafka=kafka, prefix=fresh_kafka_topics, gemini=gemini) as stack:
        yield stack


@pytest.fixture
def broker(stack: Stack) -> Broker:
    return Broker(stack)


@pytest.fixture
def wait_until() -> Wait:
    return waiting.wait_until
