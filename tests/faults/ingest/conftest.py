"""Ingest, with servers of the module's own: each test leaves them running."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import LocalServer, kafka_server, postgres_server, running
from tests.stack import Stack, environment, running_stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outages")


@pytest.fixture(scope="module")
def own_kafka(folder: Path) -> Iterator[LocalServer]:
    with running(kafka_server(folder / "kafka")) as server:
        asyncio.run(create_topics(server.address))
        yield server


@pytest.fixture(scope="module")
def own_postgres(folder: Path) -> Iterator[LocalServer]:
    with running(postgres_server(folder / "postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def stack(folder: Path, own_kafka: LocalServer, own_postgres: LocalServer) -> Iterator[Stack]:
    env = environment(
        kafka=own_kafka.address,
        prefix="",
        database_url=own_postgres.address,
        object_store_url=(folder / "objects").as_uri(),
        OUTBOX_POLL_SECONDS="0.5",
    )
    with running_stack(folder / "logs", env, ("ingest",)) as ingest:
        yield ingest
