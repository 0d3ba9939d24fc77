"""The whole system, once for each module of end-to-end tests."""

from collections.abc import Iterator

import pytest

from feuilleton_client.client import FeuilletonClient
from tests.fakes.gemini.background import gemini_process
from tests.stack import API_KEY, Stack, environment, running_stack


@pytest.fixture(scope="module")
def gemini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The fake Gemini in a process of its own: its base URL."""
    with gemini_process(tmp_path_factory.mktemp("gemini")) as url:
        yield url


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str, gemini: str
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(folder / "objects").as_uri(),
        ENGINES="local,gemini",
        GEMINI_API_KEY="fake",
        GEMINI_BASE_URL=gemini,
    )
    with running_stack(folder, env) as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as made:
        yield made
