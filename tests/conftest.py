"""What every test may ask for: a real Kafka and Postgres, started once per run, and namespaces of one's own on them.

With KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL set, that server is used instead of a started one. Give tests that use
any of these the marker `servers`. A test that disturbs a server takes `own_kafka` or `own_postgres`.
"""

import asyncio
import os
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import structlog
from aiokafka.admin import AIOKafkaAdminClient
from xdist.scheduler import LoadScopeScheduling

from feuilleton.streaming.admin import create_topics
from feuilleton_client.client import FeuilletonClient
from feuilleton_local.servers.running import (
    Endpoints,
    LocalServer,
    kafka_server,
    postgres_server,
    running,
    running_servers,
)
from feuilleton_sample import typeset_sample
from tests.fakes.models.background import model_process
from tests.stack import API_KEY, RunServices, Stack, environment, running_stack

# A deadline of the clock fails on a busy machine and says nothing of the code.
hypothesis.settings.register_profile("feuilleton", deadline=None)
# A mutant's example need not be a small one: to shrink it can take minutes.
hypothesis.settings.register_profile("mutants", deadline=None, phases=[hypothesis.Phase.generate], database=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)
# The default draws each frame with its values, a second of work a trace: a test that logs faults would wait for that.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
hypothesis.settings.load_profile("feuilleton")

REPO = Path(__file__).resolve().parent.parent


_servers_of_the_run = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """With several test processes (`-n`), start the servers once here and hand their addresses to all of them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a shell: the processes of the tests would inherit a dead Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    workers = getattr(config.option, "numprocesses", None)
    if not workers or hasattr(config, "workerinput") or "not servers" in config.option.markexpr:
        return
    folder = Path(_servers_of_the_run.enter_context(tempfile.TemporaryDirectory(prefix="feuilleton-tests-")))
    endpoints = _servers_of_the_run.enter_context(_running_servers(folder))
    os.environ["KAFKA_BOOTSTRAP_SERVERS"] = endpoints.kafka_bootstrap_servers
    os.environ["DATABASE_URL"] = endpoints.database_url


def pytest_unconfigure() -> None:
    _servers_of_the_run.close()


class _ByFileScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps a file's tests in one process, and all tests of the whole system in one: each starts it once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        return "system" if file.startswith(("tests/e2e/", "tests/faults/test_kills")) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return _ByFileScheduling(config, log)


@contextmanager
def _running_servers(folder: Path) -> Iterator[Endpoints]:
    """Kafka and Postgres, each started unless the environment names one."""
    with running_servers(
        folder,
        kafka_bootstrap_servers=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"),
        database_url=os.environ.get("DATABASE_URL"),
    ) as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The novels and PDFs that tests read; without them such a test is skipped, but fails in CI or when named."""
    folder = Path(os.environ.get("FEUILLETON_SHARED_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        if "FEUILLETON_SHARED_DATA" in os.environ or os.environ.get("CI"):
            pytest.fail(f"no test data in {folder}")
        pytest.skip(f"no test data in {folder}: set FEUILLETON_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Kafka and Postgres for the whole run."""
    with _running_servers(tmp_path_factory.mktemp("servers")) as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
def kafka(servers: Endpoints) -> str:
    """The bootstrap servers of the run's broker."""
    return servers.kafka_bootstrap_servers


@pytest.fixture(scope="module")
def kafka_prefix(kafka: str) -> Iterator[str]:
    """A KAFKA_PREFIX of this module's own; its topics are deleted afterwards, whoever created them."""
    with _own_prefix(kafka) as prefix:
        yield prefix


@pytest.fixture(scope="module")
def kafka_topics(kafka: str, kafka_prefix: str) -> str:
    """The module's KAFKA_PREFIX with the topics of the contract already created."""
    asyncio.run(create_topics(kafka, prefix=kafka_prefix))
    return kafka_prefix


@pytest.fixture
def fresh_kafka_topics(kafka: str) -> Iterator[str]:
    """As kafka_topics, for one test alone."""
    with _own_prefix(kafka) as prefix:
        asyncio.run(create_topics(kafka, prefix=prefix))
        yield prefix


@pytest.fixture(scope="module")
def database_url(servers: Endpoints) -> Iterator[str]:
    """An empty database of this module's own."""
    with _own_database(servers.database_url) as url:
        yield url


@pytest.fixture
def fresh_database_url(servers: Endpoints) -> Iterator[str]:
    """An empty database for one test alone."""
    with _own_database(servers.database_url) as url:
        yield url


@pytest.fixture(scope="module")
def run_services(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> RunServices:
    """run_services("ingest", PAGES_LIMIT="20"): these, or all, on topics, database and store of this module's own."""

    def run(*names: str, **more: str) -> AbstractContextManager[Stack]:
        folder = tmp_path_factory.mktemp("services")
        objects = (folder / "objects").as_uri()
        env = environment(kafka=kafka, prefix=kafka_topics, database_url=database_url, object_store_url=objects, **more)
        return running_stack(folder, env, names)

    return run


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalServer]:
    """A broker for one test alone, to stop, kill, freeze and start again; `address` is its bootstrap server."""
    with running(kafka_server(tmp_path / "kafka")) as server:
        yield server


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[LocalServer]:
    """A database server for one test alone, to stop, kill, freeze and start again; `address` is its URL."""
    with running(postgres_server(tmp_path / "postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def gemini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The fake Gemini in a process of its own: its base URL."""
    with model_process("gemini", tmp_path_factory.mktemp("gemini")) as url:
        yield url


@pytest.fixture(scope="session")
def openai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The fake of an OpenAI-compatible server in a process of its own: its base URL, with /v1."""
    with model_process("openai", tmp_path_factory.mktemp("openai")) as url:
        yield f"{url}/v1"


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, servers: Endpoints, gemini: str, openai: str) -> Iterator[Stack]:
    """All services as processes, once for the run, with all engines. A test that kills one starts it again."""
    folder = tmp_path_factory.mktemp("system")
    kafka = servers.kafka_bootstrap_servers
    with _own_prefix(kafka) as prefix, _own_database(servers.database_url) as database_url:
        asyncio.run(create_topics(kafka, prefix=prefix))
        env = environment(
            kafka=kafka,
            prefix=prefix,
            database_url=database_url,
            object_store_url=(folder / "objects").as_uri(),
            ENGINES="local,gemini",
            LOCAL_WORKERS="1",  # each loads models for seconds, at every start
            GEMINI_API_KEY="fake",
            GEMINI_BASE_URL=gemini,
            OPENAI_BASE_URL=openai,
            OPENAI_MODEL="own-model",
        )
        with running_stack(folder, env) as running:
            yield running


@pytest.fixture(scope="session")
def client(system: Stack) -> Iterator[FeuilletonClient]:
    """A client of `system`."""
    with FeuilletonClient(system.ingest_url, system.status_url, API_KEY) as made:
        yield made


@pytest.fixture(scope="session")
def sample_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample novel, typeset."""
    path = tmp_path_factory.mktemp("sample") / "novel.pdf"
    path.write_bytes(typeset_sample())
    return path


@pytest.fixture
def object_store_url(tmp_path: Path) -> str:
    """An empty folder as object store."""
    folder = tmp_path / "objects"
    folder.mkdir()
    return folder.as_uri()


@pytest.fixture(scope="session")
def new_name() -> Callable[[str], str]:
    """Names that no other run has used: new_name("group") -> "group-3f2a…"."""
    return lambda kind: f"{kind}-{uuid.uuid4().hex[:12]}"


@contextmanager
def _own_prefix(kafka: str) -> Iterator[str]:
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    try:
        yield prefix
    finally:
        asyncio.run(_delete_topics(kafka, prefix))


async def _delete_topics(kafka: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        own = [topic for topic in await admin.list_topics() if topic.startswith(prefix)]
        if own:
            await admin.delete_topics(own)
    finally:
        await admin.close()


@contextmanager
def _own_database(server_url: str) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:16]}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name}"))
    try:
        yield f"{server_url.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
