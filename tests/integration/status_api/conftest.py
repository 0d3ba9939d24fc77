"""A migrated database and fresh topics per test, and the two processes of status-api in this loop or as processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest
import uvicorn
from pydantic import SecretStr

import ingest
from feuilleton.contracts.events import EventData, to_message
from feuilleton.database.migrations import migrate
from feuilleton.observability.health import QuietServer
from feuilleton.observability.tracing import new_traceparent
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton_local.parent_death import bound_to_parent
from feuilleton_local.ports import LOOPBACK
from status_api import bootstrap
from status_api.adapters.database import SCRIPTS
from status_api.app import create_app
from status_api.bootstrap import GROUP
from status_api.parts import Parts
from status_api.settings import ProjectorSettings, StatusApiSettings

KEY = "test-key-of-sixteen-or-more"
Publish = Callable[..., Coroutine[None, None, None]]


@dataclass(frozen=True)
class World:
    """Addresses of one test's servers and namespaces."""

    kafka: str
    prefix: str
    database_url: str
    store_url: str

    @property
    def api_settings(self) -> StatusApiSettings:
        return StatusApiSettings(
            kafka_bootstrap_servers=self.kafka,
            kafka_prefix=self.prefix,
            database_url=SecretStr(self.database_url),
            object_store_url=self.store_url,
            api_key=SecretStr(KEY),
            heartbeat_seconds=0.5,
        )

    @property
    def projector_settings(self) -> ProjectorSettings:
        return ProjectorSettings(
            kafka_bootstrap_servers=self.kafka,
            kafka_prefix=self.prefix,
            database_url=SecretStr(self.database_url),
            object_store_url=self.store_url,
            http_port=0,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "KAFKA_PREFIX": self.prefix,
            "DATABASE_URL": self.database_url,
            "OBJECT_STORE_URL": self.store_url,
            "API_KEY": KEY,
            "HTTP_PORT": "0",
        }

    async def migrate(self) -> None:
        of_ingest = Path(str(ingest.__file__)).parent / "migrations"  # its view of the keys
        for schema, scripts in {**SCRIPTS, "ingest": of_ingest}.items():
            made = migrate(self.database_url, schema=schema, scripts=scripts)
            await asyncio.to_thread(asyncio.run, made)

    async def drop_projection(self) -> None:
        """As an operator does who rebuilds it: drop the schema, migrate."""
        await self.drop_schema()
        await self.migrate()

    async def drop_schema(self) -> None:
        connection = await asyncpg.connect(self.database_url)
        await connection.execute("DROP SCHEMA projection CASCADE")
        await connection.close()

    @asynccontextmanager
    async def projector(self, group: str = GROUP) -> AsyncIterator[None]:
        """A projector that folds in this loop until the block ends."""
        async with bootstrap.projector(self.projector_settings, group=group) as built:
            task = asyncio.create_task(built.run())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    @contextmanager
    def process(self, name: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """`python -m status_api NAME` as a process of its own, killed when the block ends."""
        command = bound_to_parent([sys.executable, "-m", "status_api", name], signal.SIGKILL)
        started = subprocess.Popen(command, env={**self.environment, **settings})
        try:
            yield started
        finally:
            started.kill()
            started.wait()


@pytest.fixture
async def world(kafka: str, fresh_kafka_topics: str, fresh_database_url: str, object_store_url: str) -> World:
    found = World(kafka, fresh_kafka_topics, fresh_database_url, object_store_url)
    await found.migrate()
    return found


@pytest.fixture
async def rows_alone(fresh_database_url: str, object_store_url: str) -> World:
    """A world whose broker does not answer: what is read of the rows needs none."""
    found = World(f"{LOOPBACK}:1", "", fresh_database_url, object_store_url)
    await found.migrate()
    return found


@pytest.fixture
async def reads(rows_alone: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API over `rows_alone`: it answers for jobs that are there."""
    settings = rows_alone.api_settings
    async with bootstrap.api_parts(settings) as made, serving(made) as address, a_client(address) as client:
        yield client


@pytest.fixture
async def publisher(world: World) -> AsyncIterator[KafkaPublisher]:
    made = KafkaPublisher(world.kafka, client_id="tests", prefix=world.prefix)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def publish(publisher: KafkaPublisher) -> Publish:
    return partial(publish_each, publisher)


async def publish_each(publisher: KafkaPublisher, *events: EventData) -> None:
    """Each acknowledged before the next is sent."""
    for event in events:
        await publisher.publish(to_message(event, source="tests", traceparent=new_traceparent()))


@pytest.fixture
async def parts(world: World) -> AsyncIterator[Parts]:
    async with bootstrap.api_parts(world.api_settings) as made:
        yield made


@pytest.fixture
async def api(parts: Parts, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the right key of the API on a real port."""
    async with serving(parts) as address, a_client(address) as client:
        yield client


def a_client(address: str, *, key: str = KEY) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=address, headers=headers, timeout=15.0)


@asynccontextmanager
async def serving(parts: Parts) -> AsyncIterator[str]:
    config = uvicorn.Config(create_app(parts), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = QuietServer(config)
    socket = config.bind_socket()
    task = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        socket.close()
