"""kill -9 of each service in the middle of a job: the job still ends, with the same cards."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from feuilleton_sample import typeset_sample
from tests.fakes.gemini.background import gemini_process
from tests.results import Result, read_result
from tests.stack import API_KEY, COMMANDS, Stack, auth, environment, running_stack

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[Stack]:
    """The whole system, with a model that takes a second a call, so that there is a middle of a job."""
    folder = tmp_path_factory.mktemp("kills")
    with gemini_process(folder, "--latency", "1.0") as gemini:
        env = environment(
            kafka=kafka,
            prefix=kafka_topics,
            database_url=database_url,
            object_store_url=(folder / "objects").as_uri(),
            ENGINES="gemini,local",
            GEMINI_API_KEY="fake",
            GEMINI_BASE_URL=gemini,
            GEMINI_CALLS="4",
            LOCAL_WORKERS="0",
        )
        with running_stack(folder, env) as running:
            yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as made:
        yield made


@pytest.fixture(scope="module")
def novel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "novel.pdf"
    path.write_bytes(typeset_sample())
    return path


@pytest.fixture(scope="module")
def undisturbed(client: FeuilletonClient, stack: Stack, novel: Path) -> Result:
    return read_result(stack, client, client.wait(client.upload(novel, JobOptions(engine="gemini")).id))


def wait_for(stack: Stack, job_id: str, statuses: set[str]) -> None:
    deadline = time.monotonic() + 60
    while httpx.get(f"{stack.status_url}/v1/jobs/{job_id}", headers=auth()).json()["status"] not in statuses:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "ingest"])
def test_a_killed_service_changes_nothing_in_the_cards(
    name: str, client: FeuilletonClient, stack: Stack, novel: Path, undisturbed: Result
) -> None:
    job_id = client.upload(novel, JobOptions(engine="gemini")).id
    if name != "splitter":  # which is done in a blink: killed at once, it dies with the upload in its hands
        wait_for(stack, job_id, {"extracting", "merging", "completed"})
    stack[name].kill()
    time.sleep(0.5)
    stack[name].start()
    stack[name].wait_ready()
    result = read_result(stack, client, client.wait(job_id))
    assert result.job.status == "completed"
    assert result.cards_jsonl == undisturbed.cards_jsonl
    result.check()


def test_a_killed_ingest_has_admitted_a_job_or_nothing(
    client: FeuilletonClient, stack: Stack, novel: Path, undisturbed: Result
) -> None:
    job_id = client.upload(novel, JobOptions(engine="gemini")).id
    stack["ingest"].kill()
    stack["ingest"].start()
    result = read_result(stack, client, client.wait(job_id))
    assert result.cards_jsonl == undisturbed.cards_jsonl
    stack["ingest"].wait_ready()
